import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { manualClock } from '../../../shared/runtime/clock.ts';
import { createTokenFile } from '../../../shared/sinks/token-file.ts';
import { tempDir } from '../../support/temp-dir.ts';

async function tokenFile(text: string) {
  const path = join(await tempDir(), 'token');
  await writeFile(path, text);
  const clock = manualClock();
  return { path, clock, token: createTokenFile(path, clock) };
}

describe('createTokenFile', () => {
  test('a token for the sink is cached for a minute, then read again', async () => {
    const { path, clock, token } = await tokenFile('first\n');
    const before = await token();
    await writeFile(path, 'second');

    await clock.advance(59_999);
    const early = await token();
    await clock.advance(1);
    const late = await token();

    expect([before, early, late]).toEqual(['first', 'first', 'second']);
  });

  test('a token for the sink is read again when the sink has refused it', async () => {
    const { path, token } = await tokenFile('first');
    await token();
    await writeFile(path, 'second');

    expect(await token({ refresh: true })).toBe('second');
  });

  test.each(['', 'two\nlines', 'Bearer token'])(
    'a token for the sink is refused when the file holds %j, and not shown',
    async (text) => {
      const { token } = await tokenFile(text);

      await expect(token()).rejects.toMatchObject({
        code: 'ConfigInvalid',
        message: expect.stringMatching(/is empty or has characters that a token must not have$/),
      });
    },
  );

  test('a token for the sink is an error when its file is deleted', async () => {
    const { path, token } = await tokenFile('first');
    await rm(path);

    await expect(token()).rejects.toMatchObject({ code: 'ConfigInvalid' });
  });
});

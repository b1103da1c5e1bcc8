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

describe('a token for the sink', () => {
  test('is held for a minute, then read again', async () => {
    const { path, clock, token } = await tokenFile('first\n');
    const before = await token();
    await writeFile(path, 'second');

    await clock.advance(59_999);
    const early = await token();
    await clock.advance(1);
    const late = await token();

    expect([before, early, late]).toEqual(['first', 'first', 'second']);
  });

  test('is read at once when the sink refused it', async () => {
    const { path, token } = await tokenFile('first');
    await token();
    await writeFile(path, 'second');

    expect(await token({ refresh: true })).toBe('second');
  });

  test.each(['', 'two\nlines', 'Bearer token'])(
    'is refused when the file holds %j, and not shown',
    async (text) => {
      const { token } = await tokenFile(text);

      await expect(token()).rejects.toMatchObject({
        code: 'ConfigInvalid',
        message: expect.stringMatching(/is empty or has characters that a token must not have$/),
      });
    },
  );

  test('is missed when its file goes', async () => {
    const { path, token } = await tokenFile('first');
    await rm(path);

    await expect(token()).rejects.toMatchObject({ code: 'ConfigInvalid' });
  });
});

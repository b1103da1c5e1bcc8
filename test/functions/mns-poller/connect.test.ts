import { mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { tokenFileCredentials } from '../../../functions/mns-poller/connect.ts';
import { manualClock } from '../../../shared/runtime/clock.ts';
import { encodeToken } from '../../support/mns-token.ts';

let folder: string;
let path: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'poller-'));
  path = join(folder, 'token');
});
afterEach(() => rm(folder, { recursive: true }));

/** Writes the token with a time of its own, as two writes may fall into one tick of the file system. */
async function write(accessKeyId: string, second: number, url = 'http://127.0.0.1:1'): Promise<void> {
  await writeFile(path, encodeToken({ url, credentials: { accessKeyId, accessKeySecret: 'secret' } }));
  await utimes(path, second, second);
}

describe('tokenFileCredentials', () => {
  test("a token's file is read again when it has changed", async () => {
    const clock = manualClock();
    await write('first', 1);
    const credentials = tokenFileCredentials(path, clock);
    const before = await credentials();
    await write('second', 2);

    await clock.advance(9_999);
    const early = await credentials();
    await clock.advance(1);
    const late = await credentials();

    expect([before, early, late].map(({ accessKeyId }) => accessKeyId)).toEqual(['first', 'first', 'second']);
  });

  test("a token's file is read at once when the service has rejected the key", async () => {
    await write('first', 1);
    const credentials = tokenFileCredentials(path, manualClock());
    await write('second', 1);

    const refreshed = await credentials({ refresh: true });

    expect(refreshed.accessKeyId).toBe('second');
  });

  test("a token's file must not change to another service while the poller runs", async () => {
    await write('first', 1);
    const credentials = tokenFileCredentials(path, manualClock());
    await write('second', 2, 'http://127.0.0.1:2');

    await expect(credentials({ refresh: true })).rejects.toMatchObject({ code: 'TokenMalformed' });
  });

  test("a token's file must exist at the start", () => {
    expect(() => tokenFileCredentials(path, manualClock())).toThrow(
      expect.objectContaining({ code: 'ConfigInvalid' }),
    );
  });
});

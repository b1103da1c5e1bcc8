import { randomBytes } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { samplePhotos } from '../../cli/files.ts';
import { readConnection, writeConnection } from '../../local/start/connection.ts';
import { staticCredentials } from '../../shared/runtime/credentials.ts';
import { ossClientOf } from '../support/cloud-clients.ts';
import { runProgram } from '../support/program.ts';
import { tempDir } from '../support/temp-dir.ts';

const HOLD_THE_ACCOUNT = new Set(['connection.json', 'account.json']);

/** Every file of a folder but those that hold the account on purpose. */
async function everyFile(folder: string): Promise<Map<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile() && !HOLD_THE_ACCOUNT.has(entry.name));
  const texts = await Promise.all(
    files.map(async (entry) => {
      const path = join(entry.parentPath, entry.name);
      return [path, await readFile(path, 'latin1')] as const;
    }),
  );
  return new Map(texts);
}

describe('planted credentials', () => {
  test('planted credentials appear in no log, error or result and not on the terminal', async () => {
    const folder = await tempDir();
    const dataDir = join(folder, 'data');
    const canary = () => `CANARY${randomBytes(12).toString('hex')}`;
    const account = { accountId: '1000000000000001', accessKeyId: canary(), accessKeySecret: canary() };
    const foreign = { accessKeyId: canary(), accessKeySecret: canary(), securityToken: canary() };
    await writeConnection(dataDir, { ossUrl: '', mnsUrl: '', region: '', bucket: '', queue: '', account });
    await writeFile(join(folder, 'notes.txt'), 'no image');
    const env = {
      ALIBABA_CLOUD_ACCESS_KEY_ID: foreign.accessKeyId,
      ALIBABA_CLOUD_ACCESS_KEY_SECRET: foreign.accessKeySecret,
      ALIBABA_CLOUD_SECURITY_TOKEN: foreign.securityToken,
    };
    const photo = (await samplePhotos())[0]!.path;

    const program = runProgram(
      [
        'start',
        '--data-dir',
        dataDir,
        '--oss-port',
        '0',
        '--mns-port',
        '0',
        photo,
        join(folder, 'notes.txt'),
      ],
      env,
    );
    onTestFinished(() => void program.process.kill('SIGKILL'));
    await program.said(/Watching/);
    const connection = (await readConnection(dataDir))!;
    expect(connection.account).toEqual(account);
    const refusals: string[] = [];
    for (const credentials of [{ ...account, accessKeySecret: foreign.accessKeySecret }, foreign]) {
      const client = ossClientOf(connection, { credentials: staticCredentials(credentials) });
      const error = await client
        .bucket(connection.bucket!)
        .put('incoming/x.jpg', Buffer.from('x'))
        .catch((thrown: Error) => thrown);
      refusals.push(
        JSON.stringify({
          ...(error as Error),
          message: (error as Error).message,
          stack: (error as Error).stack,
        }),
      );
      client.close();
    }
    program.process.kill('SIGTERM');
    expect(await program.ended()).toBe(0);

    const files = await everyFile(dataDir);
    expect([...files.keys()].filter((path) => path.endsWith('log.jsonl'))).toHaveLength(1);
    expect([...files.values()].filter((text) => text.includes('"schemaVersion"'))).not.toEqual([]);
    expect(refusals.join()).toContain('SignatureDoesNotMatch');
    expect(refusals.join()).toContain('InvalidAccessKeyId');
    const outputs = new Map([...files, ['the terminal', program.output()], ['refusals', refusals.join()]]);
    const secrets = [account.accessKeySecret, ...Object.values(foreign), account.accessKeyId];
    for (const [where, text] of outputs) {
      for (const secret of secrets) expect(text.includes(secret), `${where} holds a secret`).toBe(false);
    }
  });
});

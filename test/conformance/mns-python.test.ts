import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { startLocalCloud } from '../../local/cloud.ts';
import { ROUTES } from '../../local/mns/routes.ts';

/** Stands in the table, and below it where there is no Python. */
const CLIENT = 'python3 V2';
const SCRIPT = fileURLToPath(new URL('./mns_stdlib.py', import.meta.url));

interface Line {
  readonly operation: string;
  readonly title: string;
  readonly ok: boolean;
  readonly detail: string;
}

const lines = await runPython();

if (lines === undefined) {
  for (const { operation } of ROUTES) {
    test(`${operation} was not tried`, { meta: { operation, client: CLIENT } }, ({ skip }) =>
      skip('there is no python3'),
    );
  }
} else {
  for (const { operation, title, ok, detail } of lines) {
    test(`${operation} ${title}`, { meta: { operation, client: CLIENT } }, () => {
      expect({ ok, detail }).toEqual({ ok: true, detail: '' });
    });
  }
  test('the Python client runs to its end', () => {
    expect(lines.at(-1)?.operation).toBe('OpenService');
  });
}

/** `undefined` where there is no Python. */
async function runPython(): Promise<Line[] | undefined> {
  const cloud = await startLocalCloud();
  const { accessKeyId, accessKeySecret } = cloud.credentials;
  const python = spawn('python3', [SCRIPT, cloud.mns.url, cloud.region, cloud.accountId, accessKeyId], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  try {
    const started = once(python, 'spawn').then(() => true);
    if (!(await started.catch(isNotFound))) return undefined;
    python.stdin.end(accessKeySecret);
    const output = Buffer.concat(await python.stdout.toArray()).toString('utf8');
    return output
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Line);
  } finally {
    await cloud.close();
  }
}

function isNotFound(error: NodeJS.ErrnoException): false {
  if (error.code === 'ENOENT') return false;
  throw error;
}

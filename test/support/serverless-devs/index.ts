import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { functionSchema } from '../../../cli/deploy/schema.ts';

const ROOT = new URL('../../..', import.meta.url).pathname;

export interface ComponentCall {
  readonly command: string;
  readonly resource: string;
  readonly props: Record<string, unknown>;
}

/** The real command line `s`, with our test component in its download cache. */
export interface ServerlessDevs {
  /** Its home, with the components. */
  readonly home: string;
  /** Runs `s` in the project's root, with the account 1234567890123456. */
  run(args: readonly string[], env?: NodeJS.ProcessEnv): Promise<{ code: number; output: string }>;
  /** Calls of the component since the last time. */
  calls(): Promise<ComponentCall[]>;
  close(): Promise<void>;
}

export interface ServerlessDevsOptions {
  /** The folder of the component fc3. @default one that writes down what it is asked */
  readonly component?: URL;
  /** For every run. */
  readonly env?: NodeJS.ProcessEnv;
}

export async function openServerlessDevs({
  component: source = new URL('fc3', import.meta.url),
  env: common = {},
}: ServerlessDevsOptions = {}): Promise<ServerlessDevs> {
  const home = await mkdtemp(join(tmpdir(), 'mnsoss-s-home-'));
  const component = join(home, '.s/components/devsapp.cn/v3/fc3');
  const record = join(component, 'calls.jsonl');
  await cp(source, component, { recursive: true });
  await writeFile(
    join(component, 'schema.json'),
    JSON.stringify(
      z.toJSONSchema(functionSchema, { target: 'draft-7', io: 'input', unrepresentable: 'any' }),
    ),
  );
  // A lock file in the future, so that `s` makes no network request.
  await writeFile(
    join(component, '.s.lock'),
    JSON.stringify({ version: '0.1.22', lastUpdateCheck: 9_999_999_999_999 }),
  );
  await writeFile(record, '');
  return {
    home,
    run: (args, env = {}) =>
      new Promise((resolve) => {
        execFile(
          join(ROOT, 'node_modules/.bin/s'),
          args,
          {
            cwd: ROOT,
            timeout: 120_000,
            maxBuffer: 16 * 1024 * 1024,
            env: {
              PATH: process.env.PATH,
              HOME: home,
              serverless_devs_config_home: home,
              AccountID: '1234567890123456',
              AccessKeyID: 'any-key',
              AccessKeySecret: 'any-secret',
              ...common,
              ...env,
            },
          },
          (error, stdout, stderr) =>
            resolve({ code: error ? Number(error.code ?? 1) : 0, output: `${stdout}${stderr}` }),
        );
      }),
    async calls() {
      const text = await readFile(record, 'utf8');
      await writeFile(record, '');
      return text
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line) as ComponentCall);
    },
    close: () => rm(home, { recursive: true, force: true }),
  };
}

import { execFile } from 'node:child_process';
import { access, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';
import { AppError } from '../../shared/runtime/errors.ts';

/** A resource of `s.yaml` with every variable resolved, not yet validated. */
export interface RenderedResource {
  readonly name: string;
  readonly component: string;
  readonly props: unknown;
}

/** `${config('AccountID')}`: a preview leaves it as it is, because it knows no account. */
const ACCOUNT = /\$\{config\('AccountID'\)\}/g;

const template = z.object({
  resources: z.record(z.string(), z.object({ component: z.string(), props: z.unknown() })),
});

/**
 * Renders the template with Serverless Devs – files, environment, variables – without an account and without the network.
 * Throws `ConfigInvalid` with the message of Serverless Devs.
 */
export async function renderTemplate(
  file: string,
  { env, accountId }: { env: NodeJS.ProcessEnv; accountId: string },
): Promise<RenderedResource[]> {
  // A temporary home: a check leaves no files behind and reads no keys.
  const home = await mkdtemp(join(tmpdir(), 'mnsoss-s-'));
  try {
    const { stdout } = await promisify(execFile)(
      await serverlessDevs(),
      ['preview', '-t', resolve(file), '-o', 'json', '--silent'],
      { env: { ...env, serverless_devs_config_home: home } },
    );
    const { resources } = template.parse(JSON.parse(stdout.replace(ACCOUNT, accountId)));
    return Object.entries(resources).map(([name, resource]) => ({ name, ...resource }));
  } catch (cause) {
    throw new AppError('ConfigInvalid', `${file} cannot be rendered: ${reasonOf(cause)}`, { cause });
  } finally {
    // With retries: a child of Serverless Devs may outlive it and still write here.
    await rm(home, { recursive: true, force: true, maxRetries: 10 });
  }
}

/** The version of this project, or the globally installed one. */
async function serverlessDevs(): Promise<string> {
  const own = resolve('node_modules/.bin/s');
  return access(own).then(
    () => own,
    () => 's',
  );
}

/** The error lines of its output. */
function reasonOf(cause: unknown): string {
  const output = cause as { stdout?: string; stderr?: string; code?: unknown };
  if (output.code === 'ENOENT') return 'Serverless Devs is not installed: npm install @serverless-devs/s';
  const lines = `${output.stdout ?? ''}\n${output.stderr ?? ''}`.split('\n').map((line) => line.trim());
  const errors = lines.filter((line) => /(?:Error: |not found|incorrect)/.test(line));
  return errors.join('; ') || String(cause);
}

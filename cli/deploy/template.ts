import { execFile } from 'node:child_process';
import { access, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';
import { AppError } from '../../shared/runtime/errors.ts';

/** A resource of `s.yaml` with every variable filled in, but not yet checked. */
export interface RenderedResource {
  readonly name: string;
  readonly component: string;
  readonly props: unknown;
}

/** `${config('AccountID')}`, which a preview leaves as it is, since it asks no account. */
const ACCOUNT = /\$\{config\('AccountID'\)\}/g;

const template = z.object({
  resources: z.record(z.string(), z.object({ component: z.string(), props: z.unknown() })),
});

/**
 * Lets Serverless Devs fill in the template – files, environment, variables – without an account and without the
 * network. Throws `ConfigInvalid` with what it said.
 */
export async function renderTemplate(
  file: string,
  { env, accountId }: { env: NodeJS.ProcessEnv; accountId: string },
): Promise<RenderedResource[]> {
  // Its home is a passing one, so that checking leaves nothing behind and reads no keys.
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
    throw new AppError('ConfigInvalid', `${file} cannot be filled in: ${reasonOf(cause)}`, { cause });
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}

/** The one of this project, or the one that is installed for all. */
async function serverlessDevs(): Promise<string> {
  const own = resolve('node_modules/.bin/s');
  return access(own).then(
    () => own,
    () => 's',
  );
}

/** What stands between the head and the help of its report. */
function reasonOf(cause: unknown): string {
  const said = cause as { stdout?: string; stderr?: string; code?: unknown };
  if (said.code === 'ENOENT') return 'Serverless Devs is not installed: npm install @serverless-devs/s';
  const lines = `${said.stdout ?? ''}\n${said.stderr ?? ''}`.split('\n').map((line) => line.trim());
  const telling = lines.filter((line) => /(?:Error: |not found|incorrect)/.test(line));
  return telling.join('; ') || String(cause);
}

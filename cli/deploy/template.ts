import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, extname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';
import { AppError } from '../../shared/runtime/errors.ts';
import { serverlessDevs } from './serverless-devs.ts';

/** A resource of `s.yaml` with every variable resolved, not yet validated. */
export interface RenderedResource {
  readonly name: string;
  readonly component: string;
  readonly props: unknown;
}

/** `${config('AccountID')}`: a preview leaves it as it is, because it knows no account. */
const ACCOUNT = /\$\{config\('AccountID'\)\}/g;

/** A template with every variable resolved. */
export interface RenderedTemplate {
  readonly resources: readonly RenderedResource[];
  /** What runs before `s deploy`. */
  readonly actions: readonly { readonly run: string; readonly path?: string }[];
}

const action = z.object({ run: z.string(), path: z.string().optional() });
const template = z.object({
  actions: z.looseObject({ 'pre-deploy': z.array(action).optional() }).optional(),
  resources: z.record(z.string(), z.object({ component: z.string(), props: z.unknown() })),
});

/**
 * Renders the template with Serverless Devs – files, environment, variables – without an account and without the network.
 * Throws `ConfigInvalid` with the message of Serverless Devs.
 */
export async function renderTemplate(
  file: string,
  { env, accountId }: { env: NodeJS.ProcessEnv; accountId: string },
): Promise<RenderedTemplate> {
  // A temporary home: a check leaves no files behind and reads no keys.
  const home = await mkdtemp(join(tmpdir(), 'mnsoss-s-'));
  try {
    const { stdout } = await promisify(execFile)(
      await serverlessDevs(),
      ['preview', '-t', resolve(file), '-o', 'json', '--silent'],
      { env: { ...env, serverless_devs_config_home: home } },
    );
    const { resources, actions = {} } = template.parse(JSON.parse(stdout.replace(ACCOUNT, accountId)));
    return {
      resources: Object.entries(resources).map(([name, resource]) => ({ name, ...resource })),
      actions: actions['pre-deploy'] ?? [],
    };
  } catch (cause) {
    const reason = reasonOf(cause);
    const choices = await choicesFor(reason, dirname(resolve(file)));
    throw new AppError('ConfigInvalid', `${file} cannot be rendered: ${reason}${choices}`, { cause });
  } finally {
    // With retries: a child of Serverless Devs may outlive it and still write here.
    await rm(home, { recursive: true, force: true, maxRetries: 10 });
  }
}

/** The error lines of its output. */
function reasonOf(cause: unknown): string {
  const output = cause as { stdout?: string; stderr?: string; code?: unknown };
  if (output.code === 'ENOENT') return 'Serverless Devs is not installed: npm install @serverless-devs/s';
  const lines = `${output.stdout ?? ''}\n${output.stderr ?? ''}`.split('\n').map((line) => line.trim());
  const errors = lines.filter((line) => /(?:Error: |not found|incorrect)/.test(line));
  return errors.join('; ') || String(cause);
}

/** For a missing file whose name is a setting, such as TRIGGER: the names that exist. */
async function choicesFor(reason: string, folder: string): Promise<string> {
  const [, missing] = /file\('(.+?)'\) not found/.exec(reason) ?? [];
  if (missing === undefined) return '';
  const names = await readdir(resolve(folder, dirname(missing))).catch(() => []);
  const extension = extname(missing);
  const choices = names
    .filter((name) => extname(name) === extension)
    .map((name) => basename(name, extension));
  return choices.length > 0 ? `: choose ${choices.sort().join(', ')}` : '';
}

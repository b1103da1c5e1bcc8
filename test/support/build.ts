import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** Before the tests: what they start as programs of their own is built from the present sources. */
export default async function setup(): Promise<void> {
  await promisify(execFile)(process.execPath, ['scripts/build.js', '--quiet']);
}

import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { type LocalCloud, startLocalCloud } from '../../../local/cloud.ts';
import {
  type FunctionConfig,
  type LocalFc,
  type LocalFcOptions,
  startLocalFc,
} from '../../../local/fc/index.ts';
import { tempDir } from '../../support/temp-dir.ts';

/** A function whose code is the text of one CommonJS file. */
export async function aFunction(
  code: string,
  changes: Partial<FunctionConfig> = {},
): Promise<FunctionConfig> {
  const { name = 'probe' } = changes;
  const codeDir = join(await tempDir(), name);
  await mkdir(codeDir);
  await writeFile(join(codeDir, 'index.js'), code);
  const config = { handler: 'index.handler', environment: {}, timeoutSeconds: 20, memoryMb: 512 };
  return { ...config, ...changes, name, codeDir };
}

export interface FcStage {
  readonly cloud: LocalCloud;
  readonly fc: LocalFc;
}

/** Function Compute beside a cloud of its own; both go with the test. */
export async function openFc(
  functions: readonly FunctionConfig[],
  options: Partial<LocalFcOptions> = {},
): Promise<FcStage> {
  const cloud = await startLocalCloud({ region: 'cn-shanghai' });
  const fc = await startLocalFc(cloud, { functions, ...options });
  onTestFinished(async () => {
    await fc.close();
    await cloud.close();
  });
  return { cloud, fc };
}

export const bytes = (text: string) => Buffer.from(text);

import type { CloudOfFunctions, LocalFc, LocalFcOptions } from './types.ts';

export type { AsyncConfig, FunctionConfig, InvocationResult } from './function.ts';
export type { CloudOfFunctions, FunctionInvocations, LocalFc, LocalFcOptions, OssTrigger } from './types.ts';

/**
 * Starts Function Compute beside a local cloud, with its API on loopback.
 *
 * @example
 * const fc = await startLocalFc(cloud, {
 *   functions: [
 *     { name: 'hello', codeDir: '/app/dist', handler: 'index.handler', environment: {}, timeoutSeconds: 60, memoryMb: 512 },
 *   ],
 * });
 * const { body } = await fc.invoke('hello', Buffer.from('{}'));
 * await fc.close();
 */
export async function startLocalFc(cloud: CloudOfFunctions, options: LocalFcOptions): Promise<LocalFc> {
  const { startFc } = await import('./start.ts');
  return startFc(cloud, options);
}

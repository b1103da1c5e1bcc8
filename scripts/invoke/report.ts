import { line, print, printError, style, type Words } from '../../shared/runtime/terminal.ts';
import { visibleText } from '../../shared/runtime/visible.ts';
import type { InvocationCloud } from './cloud.ts';
import type { Invoked, Session } from './session.ts';

/** Prints the log to standard error and the result to standard output. A failure sets the exit code. */
export function report(
  { seeded, result, files }: Invoked,
  { cloud, node }: { cloud: InvocationCloud; node: string | undefined },
): void {
  const where = cloud.isRunning ? `the cloud at ${cloud.oss.url}` : 'a cloud in memory';
  printError(style.dim(`on ${node ?? `Node ${process.versions.node}`}, against ${where}`));
  for (const { bucket, key, photo } of seeded) {
    printError(style.dim(`${photo} stands in for oss://${bucket}/${key}`));
  }
  process.stderr.write(visibleText(result.log));
  for (const file of files) printError(file);
  if (result.errorType !== undefined) {
    printError(style.red(result.errorType));
    process.exitCode = 1;
  }
  print(...pretty(result.body).split('\n'));
}

function pretty(body: Buffer): string {
  try {
    return JSON.stringify(JSON.parse(body.toString()), null, 2);
  } catch {
    return body.toString();
  }
}

/** The addresses and keys that a client needs. */
export function describeServer(functionName: string, session: Session, cloud: InvocationCloud): Words[] {
  const { url } = session.fc;
  const { accountId, region, credentials, oss, mns } = cloud;
  return [
    line`Function Compute ${style.cyan(url)}`,
    `  3.0   POST ${url}/2023-03-30/functions/${functionName}/invocations`,
    `  2.0   POST ${url}/2016-08-15/services/local/functions/${functionName}/invocations`,
    `  HTTP  ${url}/2016-08-15/proxy/local/${functionName}/`,
    ...(cloud.onObjectChange ? session.triggers.map((trigger) => `  OSS   ${trigger}`) : []),
    line`OSS ${style.cyan(oss.url)}, MNS ${style.cyan(mns.url)}`,
    `account ${accountId}, region ${region}, access key ${credentials.accessKeyId}${cloud.isRunning ? '' : ' with the secret of docs/local-cloud.md'}`,
  ];
}

import pc from 'picocolors';
import type { InvocationCloud } from './cloud.ts';
import type { Invoked, Session } from './session.ts';

/** Prints the log to standard error and the result to standard output. A failure sets the exit code. */
export function report(
  { seeded, result, files }: Invoked,
  { cloud, node }: { cloud: InvocationCloud; node: string | undefined },
): void {
  const where = cloud.isRunning ? `the cloud at ${cloud.oss.url}` : 'a cloud in memory';
  console.error(pc.dim(`on ${node ?? `Node ${process.versions.node}`}, against ${where}`));
  for (const { bucket, key, photo } of seeded) {
    console.error(pc.dim(`${photo} stands in for oss://${bucket}/${key}`));
  }
  process.stderr.write(result.log);
  for (const file of files) console.error(file);
  if (result.errorType !== undefined) {
    console.error(pc.red(result.errorType));
    process.exitCode = 1;
  }
  console.log(pretty(result.body));
}

function pretty(body: Buffer): string {
  try {
    return JSON.stringify(JSON.parse(body.toString()), null, 2);
  } catch {
    return body.toString();
  }
}

/** The addresses and keys that a client needs. */
export function describeServer(functionName: string, session: Session, cloud: InvocationCloud): string {
  const { url } = session.fc;
  const { accountId, region, credentials, oss, mns } = cloud;
  return [
    `Function Compute ${pc.cyan(url)}`,
    `  3.0   POST ${url}/2023-03-30/functions/${functionName}/invocations`,
    `  2.0   POST ${url}/2016-08-15/services/local/functions/${functionName}/invocations`,
    `  HTTP  ${url}/2016-08-15/proxy/local/${functionName}/`,
    ...(cloud.onObjectChange ? session.triggers.map((trigger) => `  OSS   ${trigger}`) : []),
    `OSS ${pc.cyan(oss.url)}, MNS ${pc.cyan(mns.url)}`,
    `account ${accountId}, region ${region}, access key ${credentials.accessKeyId}${cloud.isRunning ? '' : ' with the secret of docs/local-cloud.md'}`,
  ].join('\n');
}

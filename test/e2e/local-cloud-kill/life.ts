import AliOss from 'ali-oss';
import { onTestFinished } from 'vitest';
import { readConnection } from '../../../local/start/connection.ts';
import type { MnsClient } from '../../../shared/mns/client.ts';
import type { OssClient } from '../../../shared/oss/client.ts';
import type { ChildProgram } from '../../support/child-program.ts';
import { mnsClientOf, ossClientOf } from '../../support/cloud-clients.ts';
import { runProgram } from '../../support/program.ts';

/** One run of the cloud as a process of its own, with clients that try everything once. */
export interface Life {
  readonly oss: OssClient;
  readonly mns: MnsClient;
  readonly sdk: AliOss;
  /** Whether it has been told to die: what fails then proves nothing. */
  ending(): boolean;
  kill(): Promise<void>;
}

export async function startLife(dataDir: string): Promise<Life> {
  const program: ChildProgram = runProgram([
    'cloud',
    '--data-dir',
    dataDir,
    '--oss-port',
    '0',
    '--mns-port',
    '0',
  ]);
  onTestFinished(() => void program.process.kill('SIGKILL'));
  await program.said(/^region/m);
  const connection = (await readConnection(dataDir))!;
  const { account, region, ossUrl } = connection;
  const oss = ossClientOf(connection);
  const mns = mnsClientOf(connection);
  const sdk = new AliOss({
    ...account,
    endpoint: ossUrl.replace('127.0.0.1', 'localhost'),
    sldEnable: true,
    region: `oss-${region}`,
    authorizationV4: true,
    timeout: 10_000,
  } as AliOss.Options);
  let ending = false;
  return {
    oss,
    mns,
    sdk,
    ending: () => ending,
    async kill() {
      ending = true;
      program.process.kill('SIGKILL');
      await program.ended();
      oss.close();
      mns.close();
    },
  };
}

import { type HttpServer, listen } from '../../local/http/server.ts';
import { createMns } from '../../local/mns/index.ts';
import { type ManualClock, manualClock } from '../../shared/runtime/clock.ts';
import { silentLogger } from '../../shared/runtime/log.ts';
import { seededRandom } from '../../shared/runtime/random.ts';

export const MNS_ACCOUNT = {
  accountId: '1234567890123456',
  accessKeyId: 'testKeyId',
  accessKeySecret: 'testKeySecret',
};

export interface LocalMnsServer {
  readonly url: string;
  readonly clock: ManualClock;
  close(): Promise<void>;
}

/** MNS on loopback that checks signatures. Its clock starts at the real time, which SDKs sign, and only tests move it. */
export async function startLocalMns(): Promise<LocalMnsServer> {
  const clock = manualClock(Date.now());
  let server: HttpServer | undefined;
  const mns = await createMns({
    region: 'cn-hangzhou',
    accounts: [MNS_ACCOUNT],
    clock,
    random: seededRandom(1),
    checkSignatures: true,
    logger: silentLogger,
    baseUrl: () => server!.url,
  });
  server = await listen(mns.listener, { port: 0 });
  return {
    url: server.url,
    clock,
    async close() {
      server.stopListening();
      await mns.close();
      await server.close();
    },
  };
}

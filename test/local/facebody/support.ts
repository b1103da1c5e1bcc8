import { createFaceBody, type FaceBodyOptions, type LocalFaceBody } from '../../../local/facebody/index.ts';
import { listen } from '../../../local/http/server.ts';
import { type ManualClock, manualClock } from '../../../shared/runtime/clock.ts';
import { silentLogger } from '../../../shared/runtime/log.ts';
import { seededRandom } from '../../../shared/runtime/random.ts';

export const FACEBODY_ACCOUNT = {
  accountId: '1234567890123456',
  accessKeyId: 'testKeyId',
  accessKeySecret: 'testKeySecret',
};

export interface FaceBodyServer extends LocalFaceBody {
  /** Host and port, as SDKs want an endpoint. */
  readonly endpoint: string;
  readonly clock: ManualClock;
  stop(): Promise<void>;
}

/** FaceBody on loopback; its time stands at the real one, by which the SDK signs, until it is moved. */
export async function startFaceBody(
  options: Partial<FaceBodyOptions> & Pick<FaceBodyOptions, 'engine'>,
): Promise<FaceBodyServer> {
  const clock = manualClock(Date.now());
  const faceBody = await createFaceBody({
    region: 'cn-shanghai',
    accounts: [FACEBODY_ACCOUNT],
    clock,
    random: seededRandom(1),
    logger: silentLogger,
    quota: Number.POSITIVE_INFINITY,
    ...options,
  });
  const server = await listen(faceBody.listener, { port: 0 });
  return {
    ...faceBody,
    endpoint: new URL(server.url).host,
    clock,
    async stop() {
      await server.close();
      await faceBody.close();
    },
  };
}

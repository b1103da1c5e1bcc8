import {
  createFaceBodyClient,
  type FaceBodyClient,
  type FaceBodyClientDeps,
} from '../../../../../shared/faces/engines/facebody/client.ts';
import type { SdkSettings } from '../../../../../shared/faces/engines/facebody/sdk.ts';
import { createPacing } from '../../../../../shared/faces/pacing.ts';
import { systemClock } from '../../../../../shared/runtime/clock.ts';
import { staticCredentials } from '../../../../../shared/runtime/credentials.ts';
import { seededRandom } from '../../../../../shared/runtime/random.ts';
import { FACEBODY_ACCOUNT } from '../../../../local/facebody/support.ts';

/** Settings for a loopback server that is both the API and the open platform. */
export function loopback(endpoint: string, changes: Partial<SdkSettings> = {}): SdkSettings {
  return {
    endpoint,
    openPlatformEndpoint: endpoint,
    region: 'cn-shanghai',
    protocol: 'HTTP',
    connectTimeoutMs: 10_000,
    readTimeoutMs: 15_000,
    ...changes,
  };
}

/** A client. By default its rate is far above what a test needs. */
export function clientOf(endpoint: string, changes: Partial<FaceBodyClientDeps> = {}): FaceBodyClient {
  const clock = changes.clock ?? systemClock;
  const random = seededRandom(1);
  return createFaceBodyClient({
    settings: loopback(endpoint),
    credentials: staticCredentials(FACEBODY_ACCOUNT),
    pacing: createPacing({ clock, random, quota: () => 1000, marginMs: 0 }),
    clock,
    random,
    ...changes,
  });
}

import AliOss from 'ali-oss';
import { afterAll, beforeAll, beforeEach, describe } from 'vitest';
import { type LocalCloud, startLocalCloud } from '../../local/cloud.ts';
import { untyped } from '../local/oss/support.ts';
import { type Check, checkThrough } from './check.ts';

/** Every way of the official client to sign and to address. */
const VARIANTS = [
  { name: 'ali-oss V1 path', v4: false, path: true },
  { name: 'ali-oss V4 path', v4: true, path: true },
  { name: 'ali-oss V1 host', v4: false, path: false },
  { name: 'ali-oss V4 host', v4: true, path: false },
] as const;

/** Where a check works: a bucket of its own, and the official client set to it. */
export interface Scene {
  readonly cloud: LocalCloud;
  readonly client: AliOss;
  /** The same client, with the methods that its types lack. */
  readonly calls: Record<string, (...parameters: unknown[]) => Promise<Record<string, never>>>;
  readonly bucket: string;
  readonly port: string;
  /** A bucket name that was never used. */
  newBucket(): string;
}

/** Declares checks for every variant; `scene()` is new for each check. */
export function throughAliOss(declare: (check: Check, scene: () => Scene, v4: boolean) => void): void {
  describe.each(VARIANTS)('$name', ({ name, v4, path }) => {
    let cloud: LocalCloud;
    let scene: Scene;
    let buckets = 0;
    const newBucket = () => `conformance-${++buckets}`;

    beforeAll(async () => {
      cloud = await startLocalCloud();
    });
    afterAll(() => cloud.close());
    beforeEach(async () => {
      const { port } = new URL(cloud.oss.url);
      const bucket = newBucket();
      const client = new AliOss({
        ...cloud.credentials,
        endpoint: path ? `http://localhost:${port}` : `http://oss.local:${port}`,
        sldEnable: path,
        region: 'oss-cn-hangzhou',
        authorizationV4: v4,
      } as AliOss.Options);
      await client.putBucket(bucket);
      client.useBucket(bucket);
      scene = { cloud, client, calls: untyped(client) as never, bucket, port, newBucket };
    });

    declare(checkThrough(name, { official: true }), () => scene, v4);
  });
}

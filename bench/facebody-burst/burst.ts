import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import type { OperationStats } from '../../local/facebody/index.ts';
import { startOneProcess } from '../../local/start/one-process.ts';
import { createLogger } from '../../shared/runtime/log.ts';
import { oneFacePhoto } from '../slice/photos.ts';

export interface BurstOptions {
  readonly uploads: number;
  /** Requests per second of each operation. */
  readonly quota: number;
  /** Changes the quota to `to` when `after` uploads have their outcome. */
  readonly drop?: { readonly to: number; readonly after: number };
}

export interface Burst {
  /** From the first upload to the last outcome. */
  readonly seconds: number;
  readonly processed: number;
  readonly faces: number;
  /** Messages that the poller received, including repeated ones. */
  readonly deliveries: number;
  /** For each operation that has a quota. */
  readonly calls: Readonly<Record<string, OperationStats>>;
}

/** Uploads copies of one portrait at once, and waits for all outcomes. */
export async function burst({ uploads, quota, drop }: BurstOptions): Promise<Burst> {
  const dataDir = await mkdtemp(join(tmpdir(), 'mnsoss-face-burst-'));
  let deliveries = 0;
  const logger = createLogger({
    level: 'info',
    // The log has one line per attempt at a message, whatever its outcome.
    write: (line) => {
      if (/^image\b/.test(JSON.parse(line).msg)) deliveries++;
    },
  });
  const env = { ENGINE: 'facebody', FACEBODY_QPS: String(quota) };
  const app = await startOneProcess({ dataDir, ossPort: 0, mnsPort: 0, env, logger });
  try {
    const photo = await sharp(await readFile((await oneFacePhoto()).path))
      .resize(320)
      .jpeg()
      .toBuffer();
    let done = 0;
    const started = performance.now();
    const outcomes = await Promise.all(
      Array.from({ length: uploads }, async (_, i) => {
        const key = `incoming/${i}.jpg`;
        const watch = app.outcomes.watch(key);
        const { requestId } = await app.bucket.put(key, photo);
        const outcome = await watch.of(requestId);
        watch.close();
        if (++done === drop?.after) app.facebody.quotas.set(drop.to);
        return outcome;
      }),
    );
    const seconds = (performance.now() - started) / 1000;
    const processed = outcomes.flatMap((outcome) => (outcome.outcome === 'processed' ? [outcome] : []));
    const { RecognizeFace, SearchFace } = app.facebody.stats();
    return {
      seconds,
      processed: processed.length,
      faces: processed.reduce((sum, { faces }) => sum + faces, 0),
      deliveries,
      calls: { RecognizeFace: RecognizeFace!, SearchFace: SearchFace! },
    };
  } finally {
    await app.stop();
    await rm(dataDir, { recursive: true, force: true });
  }
}

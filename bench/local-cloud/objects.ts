import { randomBytes } from 'node:crypto';
import type { Running } from './contenders.ts';
import { createSender, type Figures, load } from './load.ts';

const CLIENTS = 8;
const SMALL = 4 * 1024;
const LARGE = 1024 * 1024;
const LARGE_OBJECTS = 10;

export interface ObjectFigures {
  readonly put: Figures;
  readonly get: Figures;
}

/** Puts small objects under keys of their own, and gets a few large ones again and again, in a bucket that is not there yet. */
export async function measureObjects(
  { url, sign }: Running,
  bucket: string,
  puts: number,
  gets: number,
): Promise<ObjectFigures> {
  const { send, close } = createSender(url, CLIENTS);
  const put = (key: string, body: Buffer) => send('PUT', `/${bucket}/${key}`, sign('PUT', bucket, key), body);
  // The warm-up made it already; OSS takes that as done, S3 does not.
  await send('PUT', `/${bucket}`, sign('PUT', bucket, '')).catch((error: Error) => {
    if (!error.message.includes('BucketAlreadyExists')) throw error;
  });
  const small = randomBytes(SMALL);
  const large = randomBytes(LARGE);
  for (let index = 0; index < LARGE_OBJECTS; index++) await put(`large-${index}`, large);

  const putFigures = await load(puts, CLIENTS, async (index) => {
    await put(`small-${index}`, small);
  });
  const getFigures = await load(gets, CLIENTS, async (index) => {
    const key = `large-${index % LARGE_OBJECTS}`;
    const { bytes } = await send('GET', `/${bucket}/${key}`, sign('GET', bucket, key));
    if (bytes !== LARGE) throw new Error(`${key} has ${bytes} bytes, not ${LARGE}`);
  });
  for (const index of [0, puts - 1]) {
    const key = `small-${index}`;
    const { bytes } = await send('GET', `/${bucket}/${key}`, sign('GET', bucket, key));
    if (bytes !== SMALL) throw new Error(`${key} has ${bytes} bytes, not ${SMALL}`);
  }
  close();
  return { put: putFigures, get: getFigures };
}

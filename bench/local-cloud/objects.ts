import { randomBytes } from 'node:crypto';
import type { Running } from './contenders.ts';
import { createSender, type Load, load } from './load.ts';

const CLIENTS = 8;
const SMALL = 4 * 1024;
const LARGE = 1024 * 1024;
const LARGE_OBJECTS = 10;
const PAGE = 1000;

/** A bucket on a server, with a few large objects. */
export interface Objects {
  /** Puts small objects under different keys. All of them must be listed afterwards. */
  put(count: number): Promise<Load>;
  /** Gets the large objects in turn. Each must be complete. */
  get(count: number): Promise<Load>;
  close(): void;
}

export async function openObjects({ url, sign }: Running, bucket: string): Promise<Objects> {
  const { send, close } = createSender(url, CLIENTS);
  const put = (key: string, body: Buffer) => send('PUT', `/${bucket}/${key}`, sign('PUT', bucket, key), body);
  await send('PUT', `/${bucket}`, sign('PUT', bucket, ''));
  const small = randomBytes(SMALL);
  const large = randomBytes(LARGE);
  for (let index = 0; index < LARGE_OBJECTS; index++) await put(`large-${index}`, large);

  const get = async (key: string, size: number) => {
    const { length } = await send('GET', `/${bucket}/${key}`, sign('GET', bucket, key));
    if (length !== size) throw new Error(`${key} has ${length} bytes, not ${size}`);
  };
  const countSmall = async () => {
    let count = 0;
    for (let marker: string | undefined = ''; marker !== undefined; ) {
      const page = `prefix=small-&max-keys=${PAGE}&marker=${marker}`;
      const document = await send('GET', `/${bucket}?${page}`, sign('GET', bucket, ''));
      const keys = [...document.toString().matchAll(/<Key>([^<]+)<\/Key>/g)].map(([, key]) => key!);
      count += keys.length;
      marker = keys.length < PAGE ? undefined : keys.at(-1);
    }
    return count;
  };

  return {
    async put(count) {
      const done = await load(count, CLIENTS, async (index) => {
        await put(`small-${index}`, small);
      });
      const listed = await countSmall();
      if (listed !== count) throw new Error(`${listed} objects are listed, not ${count}`);
      for (const index of [0, count - 1]) await get(`small-${index}`, SMALL);
      return done;
    },
    get: (count) => load(count, CLIENTS, (index) => get(`large-${index % LARGE_OBJECTS}`, LARGE)),
    close,
  };
}

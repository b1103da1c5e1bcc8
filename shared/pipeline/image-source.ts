import type { OssObjectEvent } from '../envelope/event.ts';
import type { FaceEngine, ImageSource } from '../faces/engine.ts';
import type { FetchedObject } from './fetch.ts';

/** Gives a URL by which an engine's service reads an object itself. Like a secret, it belongs into no log. */
export type Presign = (object: {
  readonly bucket: string;
  readonly key: string;
  readonly region: string;
}) => Promise<string>;

/**
 * The file itself for an engine whose service is in the bucket's region. Whatever replaces the object meanwhile has an
 * event of its own, so that a URL of its key will do.
 */
export async function sourceOf(
  { bucket, region }: OssObjectEvent,
  { head: { key, size } }: FetchedObject,
  { engine, presign }: { readonly engine: FaceEngine; readonly presign?: Presign },
): Promise<ImageSource | undefined> {
  if (!presign || engine.region !== region) return undefined;
  return { url: await presign({ bucket, key, region }), bytes: size };
}

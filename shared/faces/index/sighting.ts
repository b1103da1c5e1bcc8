import { createHash } from 'node:crypto';
import type { Box } from '../face.ts';

/** One write of one picture. */
export interface PictureWrite {
  readonly bucket: string;
  readonly key: string;
  /** OSS request id of the write. */
  readonly requestId: string;
  /** Event time, milliseconds since the epoch. */
  readonly time: number;
}

/** One face of a picture, as the engine saw it. */
export interface SightedFace {
  /** Number of the face within its write, 0 to 65,535. It never changes, whatever engine looks at the picture. */
  readonly number: number;
  readonly box: Box;
  /** 0 to 1. Comparable within one engine only. */
  readonly quality: number;
  /** Estimated years. */
  readonly age?: number;
  /** Unit length. */
  readonly embedding: Float32Array;
}

/** One face in one picture. Facts speak of its id. */
export interface Sighting extends PictureWrite, Omit<SightedFace, 'embedding'> {
  /** Follows from the write and the number of the face. */
  readonly id: string;
  /** Changes whenever the picture is put into the index again. */
  readonly look: string;
}

/** Identifies a write: 20 characters of `[A-Za-z0-9_-]`. */
function writeId({ bucket, key, requestId }: Omit<PictureWrite, 'time'>): string {
  const text = JSON.stringify([bucket, key, requestId]);
  return createHash('sha256').update(text).digest('base64url').slice(0, 20);
}

/** `<write id>.<number of the face>`. */
export function sightingId(write: Omit<PictureWrite, 'time'>, number: number): string {
  return `${writeId(write)}.${number}`;
}

/** The id of the write of a sighting. */
export function writeIdOf(sightingId: string): string {
  return sightingId.slice(0, sightingId.lastIndexOf('.'));
}

/** Orders sightings from the oldest to the newest. Sightings of one time have an arbitrary but stable order. */
export function bySightingOrder(a: Pick<Sighting, 'time' | 'id'>, b: Pick<Sighting, 'time' | 'id'>): number {
  return a.time - b.time || (a.id < b.id ? -1 : Number(a.id > b.id));
}

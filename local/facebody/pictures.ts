import type { FaceEngine } from '../../shared/faces/engine.ts';
import type { AttributeName, Face } from '../../shared/faces/face.ts';
import { type Picture, withPicture } from '../../shared/faces/picture.ts';
import { DEFAULT_IMAGE_BOUNDS, type ImageFormat } from '../../shared/images/image.ts';
import { isAppError, toAppError } from '../../shared/runtime/errors.ts';
import { type HttpClient, readBody } from '../../shared/runtime/http.ts';
import { FaceBodyRefusal } from './errors.ts';
import type { Uploads } from './store/uploads.ts';

/** The pictures that an operation accepts. */
export interface PictureRule {
  readonly maxBytes: number;
  /** Pixels that each side must stay below. */
  readonly below: number;
  readonly formats: readonly ImageFormat[];
  /** Pixels that each side must exceed. @default 0 */
  readonly above?: number;
}

export interface Pictures {
  /** Downloads the picture of a request; `host` is the host and port to which the request was sent. */
  download(url: string, host: string): Promise<Buffer>;
  /** Opens a file and closes it after `work`. */
  use<R>(file: Buffer, rule: PictureRule, work: (picture: Picture) => Promise<R>): Promise<R>;
  /** Sorted by probability, highest first. Refuses a picture without a face. */
  faces(file: Buffer, rule: PictureRule, asked: Asked): Promise<Face[]>;
  /** The largest face, with its embedding. */
  largestFace(file: Buffer, rule: PictureRule): Promise<Face & { readonly embedding: Float32Array }>;
}

interface Asked {
  readonly attributes: readonly AttributeName[];
  readonly embeddings: boolean;
}

const DOWNLOAD_TIMEOUT_MS = 5000;
/** More than any operation accepts, so that the operation's own limit decides. */
const MAX_DOWNLOAD_BYTES = 32 * 1024 * 1024;
const LOOPBACK = /^(127(\.\d{1,3}){3}|localhost|\[::1\])$/;

export function createPictures(deps: {
  readonly engine: Pick<FaceEngine, 'open'>;
  readonly uploads: Uploads;
  readonly http: HttpClient;
}): Pictures {
  const { engine, uploads, http } = deps;

  const download = async (given: string, host: string): Promise<Buffer> => {
    // sdk: after an upload it joins bucket and endpoint with a dot, even if the bucket is empty.
    const text = given.replace(/^(https?:\/\/)\./, '$1');
    if (!URL.canParse(text)) throw new FaceBodyRefusal('InvalidImage.URL');
    const url = new URL(text);
    if (!['http:', 'https:'].includes(url.protocol)) throw new FaceBodyRefusal('IllegalUrlParameter');
    if (url.host === host) {
      const bytes = uploads.get(url.pathname);
      if (!bytes) throw new FaceBodyRefusal('InvalidImage.DownloadError');
      return bytes;
    }
    // This server downloads from this machine only. doc: the error for objects outside the service's region.
    if (!LOOPBACK.test(url.hostname)) throw new FaceBodyRefusal('InvalidImage.Region');
    try {
      const response = await http.send({ method: 'GET', url, headers: {}, timeoutMs: DOWNLOAD_TIMEOUT_MS });
      if (response.status !== 200) {
        response.body.destroy();
        throw new FaceBodyRefusal('InvalidImage.DownloadError', `Downloading gave ${response.status}.`);
      }
      return await readBody(response, MAX_DOWNLOAD_BYTES);
    } catch (error) {
      if (error instanceof FaceBodyRefusal) throw error;
      const timedOut = isAppError(error, 'ServiceUnavailable') && /no answer/.test(error.message);
      throw new FaceBodyRefusal(timedOut ? 'InvalidImage.Timeout' : 'InvalidImage.DownloadError');
    }
  };

  const open = async (bytes: Buffer, { maxBytes, below, above = 0, formats }: PictureRule) => {
    // guess: which code the service returns for which of these faults.
    if (bytes.length > maxBytes) throw new FaceBodyRefusal('InvalidFile.Size');
    const picture = await engine.open(bytes, { bounds: DEFAULT_IMAGE_BOUNDS }).catch((error: unknown) => {
      const { code } = toAppError(error);
      if (code === 'ImageTooLarge') throw new FaceBodyRefusal('InvalidFile.Resolution');
      if (code === 'InvalidImage') throw new FaceBodyRefusal('InvalidFile.Decode');
      throw error;
    });
    const { format, width, height } = picture;
    const fits = Math.max(width, height) < below && Math.min(width, height) > above;
    if (fits && formats.includes(format)) return picture;
    picture.close();
    throw new FaceBodyRefusal(formats.includes(format) ? 'InvalidFile.Resolution' : 'InvalidFile.Decode');
  };

  const pictures: Pictures = {
    download,
    use: (file, rule, work) => withPicture(open(file, rule), work),
    faces: (file, rule, asked) => pictures.use(file, rule, (picture) => facesOf(picture, asked)),
    async largestFace(file, rule) {
      const faces = await pictures.faces(file, rule, { attributes: [], embeddings: true });
      const [largest] = faces.sort((a, b) => b.box.width * b.box.height - a.box.width * a.box.height);
      return withEmbedding(largest!);
    },
  };
  return pictures;
}

/** Sorted by probability, highest first. Refuses a picture without a face. */
export async function facesOf(picture: Picture, { attributes, embeddings }: Asked): Promise<Face[]> {
  const faces = await picture.faces({ attributes: new Set(attributes), embeddings });
  // sdk: every operation that looks for faces answers a picture without one with this error.
  if (faces.length === 0) throw new FaceBodyRefusal('InvalidImage.NotFoundFace');
  return faces.sort((a, b) => b.probability - a.probability);
}

/** The embedded engine computes embeddings; another engine may not. */
export function withEmbedding(face: Face): Face & { readonly embedding: Float32Array } {
  const { embedding } = face;
  if (!embedding) throw new FaceBodyRefusal('InternalError.Algo', 'The engine computes no embeddings.');
  return { ...face, embedding };
}

import type { RasterEngine } from '../../shared/faces/engine.ts';
import type { AttributeName, Face } from '../../shared/faces/face.ts';
import { overlap } from '../../shared/images/geometry.ts';
import type { LabelledFace, LabelledPhoto } from './photos.ts';
import { type Share, shareOf } from './statistics.ts';

const EVERYTHING: ReadonlySet<AttributeName> = new Set(['age', 'gender', 'expression']);
/** Minimum overlap of a found box and a labelled one. Below it, landmarks would be wrong. */
const MIN_OVERLAP = 0.35;

/** A found face that matches a label. */
export interface FoundFace {
  readonly photo: LabelledPhoto;
  readonly label: LabelledFace;
  readonly face: Face;
}

export interface Findings {
  readonly found: readonly FoundFace[];
  readonly missed: readonly { readonly photo: LabelledPhoto; readonly label: LabelledFace }[];
  /** Found faces that match no label. */
  readonly invented: readonly { readonly photo: LabelledPhoto; readonly face: Face }[];
}

export async function findFaces(engine: RasterEngine, photos: readonly LabelledPhoto[]): Promise<Findings> {
  const found: FoundFace[] = [];
  const missed: Findings['missed'][number][] = [];
  const invented: Findings['invented'][number][] = [];
  for (const photo of photos) {
    const left = new Set(await engine.analyze(photo.image, { attributes: EVERYTHING, embeddings: true }));
    for (const label of photo.faces) {
      const best = [...left].sort((a, b) => overlap(b.box, label.box) - overlap(a.box, label.box))[0];
      if (best && overlap(best.box, label.box) >= MIN_OVERLAP) {
        left.delete(best);
        found.push({ photo, label, face: best });
      } else missed.push({ photo, label });
    }
    for (const face of left) invented.push({ photo, face });
  }
  return { found, missed, invented };
}

export interface Detection {
  readonly clear: Share;
  readonly hard: Share;
  /** Share of real faces among the found ones, in the photos with faces. */
  readonly precision: Share;
  /** Share of pictures without a face in which one was found. */
  readonly deceived: Share;
}

export function judgeDetection(
  { found, missed, invented }: Findings,
  empty: Findings,
  pictures: number,
): Detection {
  const recall = (hard: boolean) => {
    const hits = found.filter(({ label }) => Boolean(label.hard) === hard).length;
    return shareOf(hits, hits + missed.filter(({ label }) => Boolean(label.hard) === hard).length);
  };
  return {
    clear: recall(false),
    hard: recall(true),
    precision: shareOf(found.length, found.length + invented.length),
    deceived: shareOf(new Set(empty.invented.map(({ photo }) => photo)).size, pictures),
  };
}

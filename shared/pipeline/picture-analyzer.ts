import type { AnalyzeOptions, FaceEngine } from '../faces/engine.ts';
import type { Face } from '../faces/face.ts';
import type { Match } from '../faces/gallery/match.ts';
import { decodeImage } from '../images/decode.ts';
import type { UprightImage } from '../images/image.ts';
import type { Artifacts } from '../results/writer.ts';
import { imageBounds, type PipelineOptions } from './options.ts';
import type { Stopwatch } from './stopwatch.ts';

/**
 * The one stage that works on pixels: it takes the bytes of a file and returns findings and encoded pictures. It knows
 * no store, no gallery and no event, so an implementation may run in another process.
 */
export interface PictureAnalyzer {
  /** Throws `InvalidImage`, `ImageTooLarge` and what the engine throws. */
  analyze(bytes: Uint8Array, request: AnalysisRequest): Promise<AnalyzedPicture>;
}

/** What the engine is asked for. */
export type Wanted = Pick<AnalyzeOptions, 'attributes' | 'embeddings'>;

export interface AnalysisRequest extends AnalyzeOptions {
  readonly stopwatch: Stopwatch;
}

export interface AnalyzedPicture {
  readonly image: UprightImage;
  /** From the largest to the smallest. */
  readonly faces: readonly Face[];
  /** Draws and encodes the pictures that configuration asks for. `matches` name the faces, in their order. */
  render(matches?: readonly Match[]): Promise<Artifacts>;
}

/** Decodes, analyzes and draws in this process. */
export function createPictureAnalyzer({
  engine,
  options,
}: {
  readonly engine: FaceEngine;
  readonly options: PipelineOptions;
}): PictureAnalyzer {
  return {
    async analyze(bytes, { stopwatch, ...request }) {
      const image = await stopwatch.time('prepare', () => decodeImage(bytes, imageBounds(options)));
      const faces = await stopwatch.time('analyze', () => engine.analyze(image, request));
      return {
        image,
        faces,
        async render(matches) {
          // Loaded here: a duplicate, a removal or a text file draws nothing.
          const { render } = await import('./render.ts');
          return stopwatch.time('render', () => render(image, faces, options, matches));
        },
      };
    },
  };
}

import type { FaceEngine, RasterEngine } from '../../shared/faces/engine.ts';
import { decodePicture } from '../../shared/faces/pictures/in-process.ts';
import { readHeader } from '../../shared/images/inspect/header.ts';
import { loadSharp } from '../../shared/images/sharp.ts';
import { assertNotAborted } from '../../shared/runtime/abort.ts';

/**
 * An engine that decodes, analyzes and draws in this process, where nothing can stop a decoder.
 */
export function engineInProcess(engine: RasterEngine): FaceEngine & Pick<RasterEngine, 'analyze'> {
  return {
    ...engine,
    async warmUp() {
      await Promise.all([engine.warmUp(), loadSharp()]);
    },
    async open(bytes, { bounds, signal }) {
      assertNotAborted(signal, 'decoding');
      return decodePicture(await readHeader(bytes, bounds), bounds, engine);
    },
  };
}

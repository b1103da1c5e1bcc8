import type { FaceEngine } from '../../shared/faces/engine.ts';
import type { Face } from '../../shared/faces/face.ts';
import type { AnalyzeOptions } from '../../shared/faces/picture.ts';
import type { UprightImage } from '../../shared/images/image.ts';
import { engineInProcess } from './engine-in-process.ts';

export interface FakeEngine extends FaceEngine {
  /** All analyzed pictures. */
  readonly asked: { image: UprightImage; options: AnalyzeOptions }[];
}

/** An engine with scripted results, which decodes and draws in this process. `answer` may wait or throw. */
export function fakeEngine(answer: (image: UprightImage) => Face[] | Promise<Face[]> = () => []): FakeEngine {
  const asked: FakeEngine['asked'] = [];
  const engine = engineInProcess({
    name: 'fake',
    version: 'fake-1',
    async warmUp() {},
    async analyze(image, options) {
      asked.push({ image, options });
      return answer(image);
    },
    async close() {},
  });
  return { ...engine, asked };
}

export function aFace(changes: Partial<Face> = {}): Face {
  return { box: { x: 4, y: 4, width: 8, height: 8 }, probability: 0.99, attributes: {}, ...changes };
}

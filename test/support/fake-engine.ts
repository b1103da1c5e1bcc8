import type { AnalyzeOptions, FaceEngine } from '../../shared/faces/engine.ts';
import type { Face } from '../../shared/faces/face.ts';
import type { UprightImage } from '../../shared/images/image.ts';

export interface FakeEngine extends FaceEngine {
  /** All analyzed pictures. */
  readonly asked: { image: UprightImage; options: AnalyzeOptions }[];
}

/** An engine with scripted results. `answer` may wait or throw. */
export function fakeEngine(answer: (image: UprightImage) => Face[] | Promise<Face[]> = () => []): FakeEngine {
  const asked: FakeEngine['asked'] = [];
  return {
    name: 'fake',
    version: 'fake-1',
    asked,
    async warmUp() {},
    async analyze(image, options) {
      asked.push({ image, options });
      return answer(image);
    },
    async close() {},
  };
}

export function aFace(changes: Partial<Face> = {}): Face {
  return { box: { x: 4, y: 4, width: 8, height: 8 }, probability: 0.99, attributes: {}, ...changes };
}

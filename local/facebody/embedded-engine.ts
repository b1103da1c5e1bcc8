import type { FaceEngine } from '../../shared/faces/engine.ts';

/** The local engine, loaded with the first picture, so that a cloud without pictures loads no model. */
export function createEmbeddedEngine(): Pick<FaceEngine, 'analyze' | 'close'> {
  let opening: Promise<FaceEngine> | undefined;
  return {
    async analyze(image, options) {
      opening ??= import('../../shared/faces/engines/local/engine.ts').then((module) =>
        module.createLocalEngine(),
      );
      return (await opening).analyze(image, options);
    },
    async close() {
      await (await opening)?.close();
    },
  };
}

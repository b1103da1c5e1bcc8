import { createLocalEngine } from '../../shared/faces/engines/local/engine.ts';
import { readPipelineOptions } from '../../shared/pipeline/options.ts';
import { createRecognition } from '../../shared/pipeline/recognize.ts';
import { systemClock } from '../../shared/runtime/clock.ts';
import { silentLogger } from '../../shared/runtime/log.ts';
import { engineInProcess } from './engine-in-process.ts';
import { createMemoryStore } from './memory-store.ts';

/** Recognition by the local engine with default options, without a cloud, a queue or another process. */
export function recognitionInMemory() {
  const store = createMemoryStore({ bucket: 'photos', clock: systemClock });
  const engine = engineInProcess(createLocalEngine());
  const pipeline = createRecognition({
    openBucket: () => store,
    engine,
    options: readPipelineOptions({}),
    clock: systemClock,
    logger: silentLogger,
  });
  return { store, pipeline, close: () => engine.close() };
}

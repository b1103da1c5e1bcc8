import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { FaceEngine } from '../../faces/engine.ts';
import { readOptions } from '../../runtime/options.ts';
import type { PipelineOptions } from '../options.ts';
import type { EngineDeps } from './engine-deps.ts';

type Opener = (deps: EngineDeps) => Promise<FaceEngine>;

/** One row per engine. The code of an engine is loaded only when it is chosen. */
const ENGINES: Record<PipelineOptions['engine'], Opener> = {
  async local({ env, logger, engineWorkers = 0 }) {
    const { LOCAL_ENGINE_OPTIONS } = await import('../../faces/engines/local/options.ts');
    const settings = readOptions(LOCAL_ENGINE_OPTIONS, env);
    const modelsDir = bundledModels();
    const options = { embedder: settings.embedder, modelsDir };
    const workers = settings.engineWorkers ?? engineWorkers;
    if (workers === 0) {
      const { createLocalEngine } = await import('../../faces/engines/local/engine.ts');
      return createLocalEngine(options);
    }
    const { createEnginePool } = await import('../../faces/engines/local/pool.ts');
    return createEnginePool({
      ...options,
      workers,
      maxWaiting: settings.engineQueue,
      onCrash: ({ code, message, details }) =>
        logger.warn({ code, reason: message, details }, 'a thread of the engine was replaced'),
    });
  },

  async facebody(deps) {
    const { faceBodyRegion, openFaceBodyClient } = await import('./facebody-client.ts');
    const { createFaceBodyEngine } = await import('../../faces/engines/facebody/engine.ts');
    return createFaceBodyEngine({ client: openFaceBodyClient(deps), region: faceBodyRegion(deps.env) });
  },
};

/** Loads the code of the chosen engine. Its `warmUp` or its first picture loads the models or the SDK. */
export function openEngine(name: PipelineOptions['engine'], deps: EngineDeps): Promise<FaceEngine> {
  return ENGINES[name](deps);
}

/** A bundle for the local engine has the models in a folder beside it; otherwise they are in `node_modules`. */
function bundledModels(): string | undefined {
  const folder = fileURLToPath(new URL('./models', import.meta.url));
  return existsSync(folder) ? folder : undefined;
}

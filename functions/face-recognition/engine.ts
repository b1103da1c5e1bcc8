import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { FaceEngine } from '../../shared/faces/engine.ts';
import type { PipelineOptions } from '../../shared/pipeline/options.ts';
import { readOptions } from '../../shared/runtime/options.ts';
import type { EngineParts } from './engine-parts.ts';

type Opener = (parts: EngineParts) => Promise<FaceEngine>;

/** One row an engine. Each is loaded only when it is chosen. */
const ENGINES: Record<PipelineOptions['engine'], Opener> = {
  async local({ env, logger, engineWorkers = 0 }) {
    const { LOCAL_ENGINE_OPTIONS } = await import('../../shared/faces/engines/local/options.ts');
    const settings = readOptions(LOCAL_ENGINE_OPTIONS, env);
    const modelsDir = bundledModels();
    const options = { embedder: settings.embedder, modelsDir };
    const workers = settings.engineWorkers ?? engineWorkers;
    if (workers === 0) {
      const { createLocalEngine } = await import('../../shared/faces/engines/local/engine.ts');
      return createLocalEngine(options);
    }
    const { createEnginePool } = await import('../../shared/faces/engines/local/pool.ts');
    return createEnginePool({
      ...options,
      workers,
      maxWaiting: settings.engineQueue,
      onCrash: ({ code, message, details }) =>
        logger.warn({ code, reason: message, details }, 'a thread of the engine was replaced'),
    });
  },

  async facebody(parts) {
    const { faceBodyRegion, openFaceBodyClient } = await import('./facebody-client.ts');
    const { createFaceBodyEngine } = await import('../../shared/faces/engines/facebody/engine.ts');
    return createFaceBodyEngine({ client: openFaceBodyClient(parts), region: faceBodyRegion(parts.env) });
  },
};

/** Loads the chosen engine's code; models and the vendor's SDK come with its `warmUp` or first image. */
export function openEngine(name: PipelineOptions['engine'], parts: EngineParts): Promise<FaceEngine> {
  return ENGINES[name](parts);
}

/** A bundle for the local engine has its models in a folder beside it; elsewhere they are in `node_modules`. */
function bundledModels(): string | undefined {
  const folder = fileURLToPath(new URL('./models', import.meta.url));
  return existsSync(folder) ? folder : undefined;
}

import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { FaceEngine } from '../../faces/engine.ts';
import type { LocalEngineOptions } from '../../faces/engines/local/engine.ts';
import type { Picture, Pictures } from '../../faces/picture.ts';
import { pictureBudget } from '../../faces/pictures/capacity.ts';
import { PICTURE_POOL_OPTIONS } from '../../faces/pictures/options.ts';
import { MEGABYTE } from '../../images/image.ts';
import { readCapacity } from '../../runtime/capacity.ts';
import { readOptions } from '../../runtime/options.ts';
import { PIPELINE_OPTIONS, type PipelineOptions } from '../options.ts';
import type { EngineDeps } from './engine-deps.ts';

type Opener = (deps: EngineDeps) => Promise<FaceEngine>;

/** Pictures that are open on one process while each waits for the service. */
const WAITING_FOR_FACEBODY = 8;

/** One row per engine. The code of an engine is loaded only when it is chosen. */
const ENGINES: Record<PipelineOptions['engine'], Opener> = {
  async local(deps) {
    const { LOCAL_ENGINE_OPTIONS } = await import('../../faces/engines/local/options.ts');
    const { localEngineTraits } = await import('../../faces/engines/local/version.ts');
    const { embedder } = readOptions(LOCAL_ENGINE_OPTIONS, deps.env);
    const engine = { embedder, modelsDir: bundledModels() };
    return { ...localEngineTraits(engine), ...(await openPictures(deps, { engine })) };
  },

  async facebody(deps) {
    const { faceBodyRegion, openFaceBodyClient } = await import('./facebody-client.ts');
    const { createFaceBodyEngine } = await import('../../faces/engines/facebody/engine.ts');
    const pictures = await openPictures(deps, { picturesPerWorker: WAITING_FOR_FACEBODY });
    return createFaceBodyEngine({
      client: openFaceBodyClient(deps),
      pictures,
      region: faceBodyRegion(deps.env),
    });
  },
};

/** Loads the code of the chosen engine. Its `warmUp` or its first picture loads the models or the SDK. */
export function openEngine(name: PipelineOptions['engine'], deps: EngineDeps): Promise<FaceEngine> {
  return ENGINES[name](deps);
}

async function openPictures(
  { env, logger, engineWorkers: defaultWorkers = 1 }: EngineDeps,
  use: { readonly engine?: LocalEngineOptions; readonly picturesPerWorker?: number },
): Promise<Pictures<Picture>> {
  const { createPicturePool } = await import('../../faces/pictures/pool.ts');
  const { maxPictureMb } = PIPELINE_OPTIONS;
  const settings = readOptions({ ...PICTURE_POOL_OPTIONS, maxPictureMb }, env);
  const { engineWorkers: workers = defaultWorkers, engineMemoryMb, engineQueue } = settings;
  return createPicturePool({
    ...use,
    workers,
    maxWaiting: engineQueue,
    memoryBytes: engineMemoryMb ? engineMemoryMb * MEGABYTE : pictureBudget(readCapacity(env), workers),
    maxPictureMb: settings.maxPictureMb,
    onCrash: ({ code, message, details, cause }) =>
      logger.warn({ code, reason: message, details, said: cause }, 'a picture process was replaced'),
  });
}

/** A bundle for the local engine has the models in a folder beside it; otherwise they are in `node_modules`. */
function bundledModels(): string | undefined {
  const folder = fileURLToPath(new URL('./models', import.meta.url));
  return existsSync(folder) ? folder : undefined;
}

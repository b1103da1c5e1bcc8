import { createHash } from 'node:crypto';
import type { EngineTraits } from '../../engine.ts';
import { DETECTION } from './detector.ts';
import { EMBEDDERS, type EmbedderName } from './embedders.ts';
import { GATE } from './face-gate.ts';
import { MODEL_FILES, type ModelName } from './models.ts';

/** Raise it when the arithmetic changes but no model and no parameter does. */
const REVISION = 1;

/** Models that the engine reads with every embedder. */
const COMMON_MODELS: readonly ModelName[] = [
  'detector',
  'landmarks',
  'ageGenderManifest',
  'ageGenderWeights',
  'expressionManifest',
  'expressionWeights',
];

export interface VersionedOptions {
  /** Minimum probability of a detection, 0 to 1. A lower value finds more faces and more false ones. @default 0.7 */
  readonly minProbability?: number;
  /** The network that makes embeddings. @default 'mobilefacenet' */
  readonly embedder?: EmbedderName;
}

/** Name, version and embedder of the engine, without loading it. */
export function localEngineTraits({
  minProbability = 0.7,
  embedder = 'mobilefacenet',
}: VersionedOptions = {}): EngineTraits {
  const { size, thresholds } = EMBEDDERS[embedder];
  return {
    name: 'local',
    version: engineVersion({ minProbability, embedder }),
    embedder: { name: embedderName(embedder), size, thresholds },
  };
}

/** Changes with every model file and every parameter that results depend on. */
function engineVersion({ minProbability, embedder }: Required<VersionedOptions>): string {
  const { models: own, norms, template } = EMBEDDERS[embedder];
  const models = [...COMMON_MODELS, ...own].map((name) => MODEL_FILES[name].sha256);
  const parameters = JSON.stringify({
    models,
    detection: DETECTION,
    gate: GATE,
    norms,
    template,
    minProbability,
  });
  return `local-${REVISION}+${createHash('sha256').update(parameters).digest('hex').slice(0, 8)}`;
}

/** Name of an embedder: the file of its network and the first 8 digits of the file's SHA-256. */
function embedderName(embedder: EmbedderName): string {
  const file = MODEL_FILES[EMBEDDERS[embedder].models.at(-1)!];
  return `${file.file.replace(/\.\w+$/, '')}-${file.sha256.slice(0, 8)}`;
}

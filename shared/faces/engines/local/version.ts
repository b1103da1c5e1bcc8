import { createHash } from 'node:crypto';
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
  readonly minProbability: number;
  readonly embedder: EmbedderName;
}

/** Changes with every model file and every parameter that results depend on. */
export function engineVersion({ minProbability, embedder }: VersionedOptions): string {
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
export function embedderName(embedder: EmbedderName): string {
  const file = MODEL_FILES[EMBEDDERS[embedder].models.at(-1)!];
  return `${file.file.replace(/\.\w+$/, '')}-${file.sha256.slice(0, 8)}`;
}

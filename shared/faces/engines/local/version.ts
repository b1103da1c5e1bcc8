import { createHash } from 'node:crypto';
import type { EngineTraits } from '../../engine.ts';
import { DETECTION } from './detector.ts';
import { EMBEDDERS, type EmbedderName } from './embedders.ts';
import { GATE } from './gate.ts';
import { MODEL_FILES, type ModelName } from './models.ts';

/** Raise when the arithmetic changes in a way that no model or parameter shows. */
const REVISION = 1;

/** What every engine reads, whatever its embedder. */
const COMMON_MODELS: readonly ModelName[] = [
  'detector',
  'landmarks',
  'ageGenderManifest',
  'ageGenderWeights',
  'expressionManifest',
  'expressionWeights',
];

export interface VersionedOptions {
  /** Least probability of a detection, 0 to 1. Lower finds more, and more that is no face. @default 0.7 */
  readonly minProbability?: number;
  /** What describes faces by numbers. @default 'mobilefacenet' */
  readonly embedder?: EmbedderName;
}

/** What the engine is, without loading it. */
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

/** Changes with every model file and every parameter that answers depend on. */
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

/** What makes an embedder's embeddings: its network's file, by the beginning of its SHA-256. */
function embedderName(embedder: EmbedderName): string {
  const file = MODEL_FILES[EMBEDDERS[embedder].models.at(-1)!];
  return `${file.file.replace(/\.\w+$/, '')}-${file.sha256.slice(0, 8)}`;
}

import { createHash } from 'node:crypto';
import { DETECTION } from './detector.ts';
import { GATE } from './gate.ts';
import { MODEL_FILES } from './models.ts';

/** Raise when the arithmetic changes in a way that no model or parameter shows. */
const REVISION = 1;

/** Changes with every model file and every parameter that answers depend on. */
export function engineVersion(minProbability: number): string {
  const models = Object.values(MODEL_FILES).map(({ sha256 }) => sha256);
  const parameters = JSON.stringify({ models, detection: DETECTION, gate: GATE, minProbability });
  return `local-${REVISION}+${createHash('sha256').update(parameters).digest('hex').slice(0, 8)}`;
}

/** What makes the engine's embeddings: the network's file, by the beginning of its SHA-256. */
export const EMBEDDER = {
  name: `fr_feature-${MODEL_FILES.embedding.sha256.slice(0, 8)}`,
  size: 512,
} as const;

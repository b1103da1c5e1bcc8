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

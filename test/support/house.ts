import { onTestFinished } from 'vitest';
import { type OneProcess, startOneProcess } from '../../local/start/one-process.ts';
import type { OssObjectEvent } from '../../shared/envelope/event.ts';
import type { Outcome } from '../../shared/pipeline/outcome.ts';
import { createLogger } from '../../shared/runtime/log.ts';
import { tempDir } from './temp-dir.ts';

export interface House extends OneProcess {
  /** Every outcome so far. */
  readonly seen: { event: OssObjectEvent; outcome: Outcome }[];
  /** Every line of the log so far. */
  readonly lines: string[];
}

/** Everything in this process, on free ports and in a folder of its own; it goes with the test. */
export async function startHouse(env: NodeJS.ProcessEnv = {}): Promise<House> {
  const dataDir = await tempDir();
  const lines: string[] = [];
  const logger = createLogger({ level: 'debug', write: (line) => lines.push(line) });
  const house = await startOneProcess({ dataDir, ossPort: 0, mnsPort: 0, env, logger });
  onTestFinished(() => house.stop());
  const seen: House['seen'] = [];
  house.outcomes.onOutcome((event, outcome) => seen.push({ event, outcome }));
  return { ...house, seen, lines };
}

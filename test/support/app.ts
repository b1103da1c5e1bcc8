import { onTestFinished } from 'vitest';
import { type OneProcess, startOneProcess } from '../../local/start/one-process.ts';
import type { OssObjectEvent } from '../../shared/envelope/event.ts';
import type { Outcome } from '../../shared/pipeline/outcome.ts';
import { createLogger } from '../../shared/runtime/log.ts';
import { tempDir } from './temp-dir.ts';

export interface TestApp extends OneProcess {
  /** All outcomes so far. */
  readonly seen: { event: OssObjectEvent; outcome: Outcome }[];
  /** All log lines so far. */
  readonly lines: string[];
}

/** Starts everything that `npm start` runs in this process, on free ports and in a new folder. Stops with the test. */
export async function startApp(env: NodeJS.ProcessEnv = {}): Promise<TestApp> {
  const dataDir = await tempDir();
  const lines: string[] = [];
  const logger = createLogger({ level: 'debug', write: (line) => lines.push(line) });
  const app = await startOneProcess({ dataDir, ossPort: 0, mnsPort: 0, env, logger });
  onTestFinished(() => app.stop());
  const seen: TestApp['seen'] = [];
  app.outcomes.onOutcome((event, outcome) => seen.push({ event, outcome }));
  return { ...app, seen, lines };
}

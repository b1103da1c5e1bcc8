import type { OneProcess } from '../local/start/one-process.ts';
import type { OssObjectEvent } from '../shared/envelope/event.ts';
import type { Outcome } from '../shared/pipeline/outcome.ts';
import { type Line, line, style, type Words } from '../shared/runtime/terminal.ts';
import type { FileResult } from './process-files.ts';
import { formatTable } from './table.ts';

export function describeStart({ connection, options }: OneProcess, logFile: string): Words[] {
  const { ossUrl, mnsUrl, facebodyUrl, bucket, queue } = connection;
  const faceBody = options.engine === 'facebody' ? line`, FaceBody at ${style.cyan(facebodyUrl)}` : '';
  return [
    line`OSS at ${style.cyan(ossUrl)}, MNS at ${style.cyan(mnsUrl)}${faceBody}, log in ${logFile}`,
    line`oss://${bucket}/${options.sourcePrefix} ${style.dim('→ rule → topic → queue')} ${queue} ${style.dim('→ poller → recognition →')} oss://${bucket}/${options.resultPrefix}`,
    '',
  ];
}

/** The table of a run: photo, faces, outcome, time and result. */
export function formatResults(results: readonly FileResult[], bucket: string): Words[] {
  const columns = [
    { title: 'photo' },
    { title: 'faces', right: true },
    { title: 'outcome' },
    { title: 'time', right: true },
    { title: 'result' },
  ];
  const rows = results.map(({ name, faces, outcome, ms, document }) => [
    name,
    String(faces),
    outcome,
    ms === undefined ? 'earlier' : `${Math.round(ms)} ms`,
    document === '' ? '–' : `oss://${bucket}/${document}`,
  ]);
  const [head, ...lines] = formatTable(columns, rows);
  return [style.bold(head!), ...lines];
}

export function describeFailures(failures: readonly FileResult[]): Line[] {
  return failures.map(({ name, outcome, reason = '' }) => line`${style.red(outcome)} ${name}: ${reason}`);
}

/** The next steps: with our own commands, and with any HTTP client. */
export function describeMore({ options, bucket }: OneProcess, dataDir: string): string[] {
  const more = dataDir === '.mnsoss' ? '' : ` --data-dir ${dataDir}`;
  const key = `${options.sourcePrefix}me.jpg`;
  return [
    '',
    'Upload more:',
    `  npx mnsoss-face put${more} me.jpg`,
    `  curl -T me.jpg "$(npx mnsoss-face sign${more} --method PUT ${key})"`,
    'Look at a result:',
    `  npx mnsoss-face get${more} ${options.resultPrefix}${key}/annotated.jpg`,
    '',
    `Watching oss://${bucket.bucket}/${options.sourcePrefix} – stop with Ctrl+C`,
  ];
}

/** One line for an upload while watching. */
export function formatOutcome(event: OssObjectEvent, outcome: Outcome): string {
  const ms = Object.values(outcome.durations).reduce((sum, part) => sum + part, 0);
  return `${event.key}  ${outcome.outcome}  ${Math.round(ms)} ms  ${factOf(event, outcome)}`;
}

/** The most useful detail of an outcome. */
function factOf({ bucket }: OssObjectEvent, outcome: Outcome): string {
  switch (outcome.outcome) {
    case 'processed':
      return `${outcome.faces} faces, oss://${bucket}/${outcome.document}`;
    case 'enrolled':
      return `${outcome.person} is known by this face`;
    case 'refused':
    case 'invalid':
    case 'failed':
      return outcome.reason;
    case 'ignored':
      return outcome.rule;
    case 'gone':
      return `${outcome.removed} results removed`;
    case 'duplicate':
      return 'already processed';
    case 'superseded':
      return 'replaced by a later write';
  }
}

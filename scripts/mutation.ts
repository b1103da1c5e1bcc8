// Mutation testing: `npm run test:mutation [-- folder…]`. Stryker changes the sources a little at a time, and a change
// that no test notices has survived. Prints the survivors, and writes the score of each folder into docs/mutation.md.
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { Stryker } from '@stryker-mutator/core';

/** Folders, each with its fast tests: those of the mirrored folder, without what starts programs or loads an SDK. */
const TARGETS: Readonly<Record<string, string>> = {
  'shared/envelope': 'test/shared/envelope/**/*.test.ts',
  'shared/results': 'test/shared/results/**/*.test.ts',
  'shared/oss':
    'test/shared/oss/{client,endpoint,metadata,read-text,sdk-signature,signature-v1,signature-v4,wire}.test.ts',
  'shared/mns/consumer': 'test/shared/mns/consumer/**/*.test.ts',
  'local/access': 'test/local/access/**/*.test.ts',
  'shared/pipeline': 'test/shared/pipeline/**/*.test.ts',
};

/**
 * Here, mutants in constants of a module are not tested: each would cost a run of all tests of the folder, with thousands of
 * generated messages, or with decoded pictures and a local cloud.
 */
const WITHOUT_CONSTANTS: readonly string[] = ['shared/envelope', 'shared/pipeline'];

const MIN_SCORE = 85;
const MAX_MINUTES = 60;
const PAGE = 'docs/mutation.md';
const CONCURRENCY = Number(process.env.MUTATION_CONCURRENCY ?? 2);
/** Reports, which also tell the next run what it need not repeat. */
const REPORTS = '.mutation';

const named = process.argv.slice(2);
const unknown = named.find((name) => !TARGETS[name]);
if (unknown) throw new Error(`no target ${unknown}: expected ${Object.keys(TARGETS).join(', ')}`);

const deadline = setTimeout(() => {
  console.error(`stopped after ${MAX_MINUTES} minutes: the remaining folders have no score`);
  process.exit(2);
}, MAX_MINUTES * 60_000);

await mkdir(REPORTS, { recursive: true });
for (const folder of named.length > 0 ? named : Object.keys(TARGETS)) {
  await mutate(folder);
  await publish(folder);
}
clearTimeout(deadline);

/** Prints its survivors and its score. */
async function mutate(folder: string): Promise<void> {
  process.env.MUTATION_TESTS = TARGETS[folder];
  await new Stryker({
    mutate: [`${folder}/**/*.ts`],
    testRunner: 'vitest',
    plugins: ['@stryker-mutator/vitest-runner'],
    vitest: { configFile: 'test/mutation/vitest.config.ts', related: false },
    coverageAnalysis: 'perTest',
    ignoreStatic: WITHOUT_CONSTANTS.includes(folder),
    concurrency: CONCURRENCY,
    // In addition to one and a half times what the tests take: a busy machine must not look like an endless loop.
    timeoutMS: 10_000,
    incremental: true,
    incrementalFile: reportOf(folder),
    tempDirName: '.stryker-tmp',
    // Stryker would rewrite tsconfig.json through the compiler's API, which TypeScript 7 does not have.
    tsconfigFile: 'none.json',
    ignorePatterns: ['dist', REPORTS],
    reporters: ['clear-text', 'progress-append-only'],
    clearTextReporter: { allowColor: false, logTests: false, reportTests: false },
  } as ConstructorParameters<typeof Stryker>[0]).runMutationTest();
}

function reportOf(folder: string): string {
  return `${REPORTS}/${folder.replaceAll('/', '-')}.json`;
}

/** The states that a report of Stryker can have. */
type MutantStatus =
  | 'Killed'
  | 'Timeout'
  | 'Survived'
  | 'NoCoverage'
  | 'CompileError'
  | 'RuntimeError'
  | 'Ignored'
  | 'Pending';

/** Replaces the row of the folder in the page, and fails the program below the minimum. */
async function publish(folder: string): Promise<void> {
  const { files } = JSON.parse(await readFile(reportOf(folder), 'utf8')) as {
    files: Record<string, { mutants: { status: MutantStatus }[] }>;
  };
  const counts = new Map<MutantStatus, number>();
  for (const { status } of Object.values(files).flatMap(({ mutants }) => mutants))
    counts.set(status, (counts.get(status) ?? 0) + 1);
  const count = (status: MutantStatus) => counts.get(status) ?? 0;
  const killed = count('Killed') + count('Timeout');
  const tested = killed + count('Survived') + count('NoCoverage');
  const other = [...counts.values()].reduce((sum, value) => sum + value, 0) - tested;
  const score = (100 * killed) / tested;
  if (score < MIN_SCORE) process.exitCode = 1;

  const cells = [killed, count('Timeout'), count('Survived'), count('NoCoverage'), other];
  const row = `| \`${folder}\` | ${cells.join(' | ')} | ${score.toFixed(1)} % |`;
  const lines = (await readFile(PAGE, 'utf8')).split('\n');
  const index = lines.findIndex((line) => line.startsWith(`| \`${folder}\` |`));
  if (index < 0) throw new Error(`${PAGE} has no row for ${folder}`);
  await writeFile(PAGE, lines.with(index, row).join('\n'));
}

// Mutation testing: `npm run test:mutation [-- folder…]`. Stryker changes the sources a little at a time, and a change
// that no test notices has survived. Prints the survivors and writes docs/mutation.md from the last run of each folder.
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { Stryker } from '@stryker-mutator/core';

interface Target {
  readonly mutate: readonly string[];
  /** Folders or globs of fast tests: the mirrored folder, without what starts programs or loads an SDK. */
  readonly tests: readonly string[];
}

const TARGETS: Readonly<Record<string, Target>> = {
  'shared/envelope': { mutate: ['shared/envelope'], tests: ['test/shared/envelope'] },
  'shared/results': { mutate: ['shared/results'], tests: ['test/shared/results'] },
  'shared/oss': {
    mutate: ['shared/oss'],
    tests: ['test/shared/oss/{client,endpoint,sdk-signature,signature-v1,signature-v4,wire}.test.ts'],
  },
  'shared/mns/consumer': { mutate: ['shared/mns/consumer'], tests: ['test/shared/mns/consumer'] },
  'local/access': { mutate: ['local/access'], tests: ['test/local/access'] },
  'shared/pipeline': { mutate: ['shared/pipeline'], tests: ['test/shared/pipeline'] },
};

const MIN_SCORE = 85;
const MAX_MINUTES = 60;
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
for (const folder of named.length > 0 ? named : Object.keys(TARGETS)) await mutate(folder);
clearTimeout(deadline);
await writeFile('docs/mutation.md', await page());

/** Prints its survivors and its score. */
async function mutate(folder: string): Promise<void> {
  const { mutate, tests } = TARGETS[folder]!;
  process.env.MUTATION_TESTS = JSON.stringify(
    tests.map((path) => (path.endsWith('.ts') ? path : `${path}/**/*.test.ts`)),
  );
  await new Stryker({
    mutate: mutate.map((path) => `${path}/**/*.ts`),
    testRunner: 'vitest',
    plugins: ['@stryker-mutator/vitest-runner'],
    vitest: { configFile: 'test/mutation/vitest.config.ts', related: false },
    coverageAnalysis: 'perTest',
    // A mutant in a constant of a module would cost a run of all tests.
    ignoreStatic: true,
    concurrency: CONCURRENCY,
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

/** As the report's schema has it; other states do not occur here. */
type MutantStatus = 'Killed' | 'Timeout' | 'Survived' | 'NoCoverage' | 'Ignored';

interface Mutant {
  readonly status: MutantStatus;
  readonly statusReason?: string;
  readonly location: { readonly start: { readonly line: number } };
}

async function mutantsOf(
  folder: string,
): Promise<readonly (Mutant & { readonly file: string })[] | undefined> {
  const text = await readFile(reportOf(folder), 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  const { files } = JSON.parse(text) as { files: Record<string, { mutants: Mutant[] }> };
  return Object.entries(files).flatMap(([file, { mutants }]) =>
    mutants.map((mutant) => ({ ...mutant, file })),
  );
}

async function page(): Promise<string> {
  const rows: string[] = [];
  const explained = new Set<string>();
  for (const folder of Object.keys(TARGETS)) {
    const mutants = await mutantsOf(folder);
    if (!mutants) {
      rows.push(`| \`${folder}\` | – | – | – | – | not run |`);
      continue;
    }
    const count = (...statuses: MutantStatus[]) =>
      mutants.filter(({ status }) => statuses.includes(status)).length;
    const killed = count('Killed', 'Timeout');
    const missed = count('Survived', 'NoCoverage');
    const score = (100 * killed) / (killed + missed);
    if (score < MIN_SCORE) process.exitCode = 1;
    rows.push(
      `| \`${folder}\` | ${killed} | ${count('Survived')} | ${count('NoCoverage')} | ${count('Ignored')} | ${score.toFixed(1)} % |`,
    );
    for (const { status, statusReason, file, location } of mutants) {
      if (status !== 'Ignored' || statusReason?.startsWith('Static mutant')) continue;
      explained.add(`- \`${file}\`, line ${location.start.line}: ${statusReason}`);
    }
  }
  return [
    '# Mutation testing',
    '',
    '<!-- Generated by `npm run test:mutation`. -->',
    '',
    'Stryker changes the sources in many small ways, one at a time. A mutant is *killed* when a test fails because of',
    'it, and *survives* when all tests still pass. The score is killed / (killed + survived + not covered). *Ignored*',
    'are mutants in constants of a module, which would cost a run of all tests each, and those explained below.',
    `\`npm run test:mutation\` takes at most ${MAX_MINUTES} minutes and fails below ${MIN_SCORE} %. Only fast tests count:`,
    'those of the mirrored folder, which start no program.',
    '',
    '| folder | killed | survived | not covered | ignored | score |',
    '| --- | --- | --- | --- | --- | --- |',
    ...rows,
    '',
    ...(explained.size === 0 ? [] : ['## Mutants that change nothing', '', ...[...explained].sort(), '']),
  ].join('\n');
}

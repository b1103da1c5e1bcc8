import { access, readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';

const ROOT = new URL('../..', import.meta.url).pathname;
const MAX_LINE_LENGTH = 160;
const FOLDERS = ['docs', 'events', 'knative', '.github'];

/** Folders whose files are written down with the path from the root. */
const SOURCES = ['bench', 'cli', 'deploy', 'functions', 'knative', 'local', 'scripts', 'shared', 'test'];

/** The Markdown files of the project, below its root. */
async function markdownFiles(): Promise<string[]> {
  const inRoot = (await readdir(ROOT)).filter((name) => name.endsWith('.md'));
  const below = await Promise.all(
    FOLDERS.map(async (folder) => {
      const names = await readdir(join(ROOT, folder), { recursive: true });
      return names.filter((name) => name.endsWith('.md')).map((name) => join(folder, name));
    }),
  );
  return [...inRoot, ...below.flat()];
}

const files = await markdownFiles();

const textOf = (file: string) => readFile(join(ROOT, file), 'utf8');

/** GitHub's anchor of a heading. */
const anchorOf = (heading: string) =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .replaceAll(' ', '-');

async function anchorsOf(file: string): Promise<string[]> {
  const headings = (await textOf(file)).matchAll(/^#+ (.+)$/gm);
  return [...headings].map(([, heading]) => anchorOf(heading!));
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

test.each(files)('the links of %s lead to files and headings that exist', async (file) => {
  const broken: string[] = [];

  for (const [, target = ''] of (await textOf(file)).matchAll(/\]\(([^)\s]+)\)/g)) {
    if (/^[a-z]+:/.test(target)) continue;
    const [path = '', anchor] = target.split('#');
    const linked = path === '' ? file : join(dirname(file), path);
    const isThere = await exists(join(ROOT, linked));
    if (!isThere || (anchor && !(await anchorsOf(linked)).includes(anchor))) broken.push(target);
  }

  expect(broken).toEqual([]);
});

test.each(files)('the files that %s names in code exist', async (file) => {
  const named = (await textOf(file)).matchAll(/`((?:[a-z]+\/)[\w./-]+)`/g);
  const paths = [...named].map(([, path]) => path!).filter((path) => SOURCES.includes(path.split('/')[0]!));

  const missing: string[] = [];
  for (const path of paths) if (!(await exists(join(ROOT, path)))) missing.push(path);
  expect(missing).toEqual([]);
});

test.each(files)(`the prose of %s has lines of at most ${MAX_LINE_LENGTH} characters`, async (file) => {
  const prose = (await textOf(file)).replace(/^```[\s\S]*?^```$/gm, '').split('\n');

  // A row of a table cannot be wrapped.
  expect(prose.filter((line) => line.length > MAX_LINE_LENGTH && !line.startsWith('|'))).toEqual([]);
});

test.each([...files, ...(await workflows())])('every npm script that %s names exists', async (file) => {
  const { scripts } = JSON.parse(await textOf('package.json')) as { scripts: Record<string, string> };
  const suites = [...(await textOf(file)).matchAll(/^ +suite: \[(.+)\]$/gm)].flatMap(([, list]) =>
    list!.split(', '),
  );

  const named = [...(await textOf(file)).matchAll(/npm run (?:--silent )?([a-z][a-z:-]*)/g)].map(
    ([, name]) => name!,
  );

  expect([...named, ...suites].filter((name) => !(name in scripts))).toEqual([]);
});

async function workflows(): Promise<string[]> {
  const names = await readdir(join(ROOT, '.github/workflows'));
  return names.map((name) => join('.github/workflows', name));
}

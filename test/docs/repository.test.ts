import { access, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';

const ROOT = new URL('../..', import.meta.url).pathname;
const WORKFLOWS = join(ROOT, '.github/workflows');

interface Workflow {
  readonly permissions?: object;
  readonly jobs: Readonly<
    Record<
      string,
      { readonly 'timeout-minutes'?: number; readonly steps: readonly { readonly uses?: string }[] }
    >
  >;
}

test.each(await readdir(WORKFLOWS))('the workflow %s limits its permissions and its time', async (name) => {
  const { permissions, jobs } = parse(await readFile(join(WORKFLOWS, name), 'utf8')) as Workflow;

  expect(permissions).toMatchObject({ contents: 'read' });
  for (const job of Object.values(jobs)) expect(job['timeout-minutes']).toBeGreaterThan(0);
});

test.each(await readdir(WORKFLOWS))('the workflow %s uses actions of a named version', async (name) => {
  const { jobs } = parse(await readFile(join(WORKFLOWS, name), 'utf8')) as Workflow;

  const used = Object.values(jobs).flatMap(({ steps }) => steps.flatMap(({ uses }) => uses ?? []));
  expect(used.length).toBeGreaterThan(0);
  expect(used.filter((action) => !/^[\w-]+\/[\w-]+@v\d+$/.test(action))).toEqual([]);
});

test('the launch configurations start programs and tasks that exist', async () => {
  const read = async (name: string) => JSON.parse(await readFile(join(ROOT, '.vscode', name), 'utf8'));
  const { configurations } = (await read('launch.json')) as {
    configurations: { program: string; preLaunchTask?: string }[];
  };
  const { tasks } = (await read('tasks.json')) as { tasks: { label: string }[] };

  for (const { program, preLaunchTask } of configurations) {
    await expect(access(program.replace(/^\$\{workspaceFolder\}/, ROOT))).resolves.toBeUndefined();
    if (preLaunchTask) expect(tasks.map(({ label }) => label)).toContain(preLaunchTask);
  }
});

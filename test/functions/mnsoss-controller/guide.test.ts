import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { specSchema } from '../../../functions/mnsoss-controller/source/spec.ts';

const guide = await readFile('docs/knative.md', 'utf8');

async function sources(): Promise<string> {
  const folder = 'functions/mnsoss-controller';
  const files = (await readdir(folder, { recursive: true })).filter((file) => file.endsWith('.ts'));
  return (await Promise.all(files.map((file) => readFile(join(folder, file), 'utf8')))).join('\n');
}

/** How the steps write the reason of a condition that is False. */
const REASON =
  /(?:markFalse\(\s*'\w+',|(?:unbound|missing|unresolved)\(|status: 'False', reason:)\s*'([A-Z]\w+)'/g;

test('the guide says what to do about every reason for which a source is not ready', async () => {
  const reasons = [...(await sources()).matchAll(REASON)].map(([, reason]) => reason!);

  expect(new Set(reasons).size).toBeGreaterThan(16);
  expect(reasons.filter((reason) => !guide.includes(`\`${reason}\``))).toEqual([]);
});

test('the guide names every field of the spec', () => {
  const fields = Object.keys((specSchema as unknown as { shape: object }).shape);

  expect(fields.filter((field) => !guide.includes(`\`${field}`))).toEqual([]);
});

test('the guide names files that exist', () => {
  const paths = [...guide.matchAll(/\bknative\/[a-z0-9/.-]*[a-z0-9]/g)].map(([path]) => path);

  expect(paths.length).toBeGreaterThan(8);
  expect(paths.filter((path) => !existsSync(path))).toEqual([]);
});

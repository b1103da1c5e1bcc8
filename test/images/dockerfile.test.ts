import { readdir, readFile } from 'node:fs/promises';
import { DockerfileParser } from 'dockerfile-ast';
import { validate } from 'dockerfile-utils';
import { describe, expect, test } from 'vitest';
import { findFunctions } from '../../scripts/functions/build.ts';
import { DOCKERFILE_RULES, dockerfileFaults, targetsOf } from '../support/dockerfile-rules.ts';

const text = await readFile('Dockerfile', 'utf8');
const ignored = await readFile('.dockerignore', 'utf8');

describe('Dockerfile', () => {
  test('the Dockerfile is valid and breaks no rule', () => {
    expect(validate(text)).toEqual([]);
    expect(dockerfileFaults(text, ignored)).toEqual([]);
  });

  test('the Dockerfile has a target for each program with a server, and copies its folder', async () => {
    const programs: string[] = [];
    for (const name of await findFunctions())
      if ((await readdir(`functions/${name}`)).includes('server.ts')) programs.push(name);

    expect(targetsOf(DockerfileParser.parse(text)).sort()).toEqual(programs);
    for (const name of programs) expect(text).toContain(`/src/dist/functions/${name}/ ./`);
  });

  test('the context of the Dockerfile contains the files that the build reads', async () => {
    const allowed = ignored.split('\n').flatMap((line) => (line.startsWith('!') ? [line.slice(1)] : []));

    const present = await readdir('.');
    expect(allowed.filter((name) => !present.includes(name))).toEqual([]);
    expect(allowed).toEqual(
      expect.arrayContaining(['package.json', 'package-lock.json', 'scripts', 'shared', 'functions']),
    );
  });
});

const change = (from: string | RegExp, to: string) => {
  const changed = text.replace(from, to);
  expect(changed).not.toBe(text);
  return changed;
};

/** By rule: Dockerfiles, or .dockerignore files, that break this rule and no other. */
const BROKEN: Readonly<Record<string, readonly (() => { file?: string; ignored?: string })[]>> = {
  'pinned-base': [
    () => ({ file: change('node:24.22.3-bookworm-slim\n\nFROM', 'node:20-bookworm-slim\n\nFROM') }),
    () => ({ file: change('node:24.22.3-bookworm-slim\n\nFROM', 'node\n\nFROM') }),
    () => ({ file: change(/FROM \S+ AS build/, 'FROM node:latest AS build') }),
  ],
  unprivileged: [
    () => ({ file: change('USER 1000:1000\n', '') }),
    () => ({ file: change('USER 1000:1000', 'USER node') }),
    () => ({ file: `${text}USER 0\n` }),
  ],
  'process-1': [
    () => ({ file: change(/ENTRYPOINT .*/, 'ENTRYPOINT node server.js') }),
    () => ({ file: change(/ENTRYPOINT .*/, 'ENTRYPOINT ["sh", "-c", "node server.js"]') }),
    () => ({ file: change(/ENTRYPOINT .*/, '') }),
  ],
  'no-add': [() => ({ file: change('COPY . .', 'ADD . .') })],
  'lock-file': [() => ({ file: change('npm ci --ignore-scripts', 'npm install') })],
  'no-scripts': [() => ({ file: change('npm ci --ignore-scripts', 'npm ci') })],
  'no-download': [
    () => ({ file: change('RUN npm run build', 'RUN npm run build && curl -O example.com/a') }),
  ],
  'no-secret': [() => ({ file: change('ARG VERSION=unknown', 'ARG NPM_TOKEN') })],
  labels: [() => ({ file: change(/LABEL org.opencontainers.image.title="mns-poller" /, 'LABEL a="b" ') })],
  'context-bounded': [
    () => ({ ignored: 'node_modules\n.git\n' }),
    () => ({ ignored: `${ignored}!node_modules\n` }),
  ],
};

describe.each(Object.keys(DOCKERFILE_RULES))('%s', (rule) => {
  const examples = BROKEN[rule] ?? [];

  test(`the Dockerfile rule ${rule} has an example that breaks it`, () => {
    expect(examples.length).toBeGreaterThan(0);
  });

  test.each(examples.map((example, index) => [index, example] as const))(
    `example %i of ${rule} breaks this Dockerfile rule and no other`,
    (_index, example) => {
      const broken = { file: text, ignored, ...example() };

      const faults = dockerfileFaults(broken.file, broken.ignored);

      expect(faults.length).toBeGreaterThan(0);
      expect(new Set(faults.map((fault) => fault.split(': ')[0]))).toEqual(new Set([rule]));
    },
  );
});

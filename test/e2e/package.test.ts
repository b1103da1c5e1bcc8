import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bundle } from '../../scripts/bundle.js';
import { declarations } from '../../scripts/declarations.js';

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** What `npm pack` takes besides `dist/`. */
const PACKED = [
  'package.json',
  'README.md',
  'CHANGELOG.md',
  'LICENSE',
  'docs',
  'cli/bin.js',
  'shared/results/faces-1.schema.json',
  'shared/pipeline/enrolment-1.schema.json',
];

const CONSUMER = `
import { DEFAULT_ACCOUNT, manualClock, startLocalCloud } from 'mnsoss-face/local';
import type { Fault, LocalCloud, LocalCloudOptions, NewEventRule } from 'mnsoss-face/local';

const options: LocalCloudOptions = { port: 0, clock: manualClock(Date.now()), accounts: [DEFAULT_ACCOUNT] };
const cloud: LocalCloud = await startLocalCloud(options);
await cloud.mns.ensureQueue('uploads', { visibilityTimeout: 10 });
const rule: NewEventRule = {
  name: 'uploads',
  eventTypes: ['ObjectCreated:PutObject'],
  resources: [{ bucket: 'photos', prefix: '', suffix: '' }],
  endpoints: [{ type: 'queue', name: 'uploads' }],
};
await cloud.rules.create(rule);
const fault: Fault = { operation: 'PutObject', rate: 1, kind: 'error' };
const undo: () => void = cloud.faults.inject(fault);
undo();
await cloud.clock.advance(1000);
await cloud.reset();
const answer = await fetch(cloud.oss.url);
console.log(answer.status, answer.headers.get('server'), cloud.rules.list().length);
await cloud.close();
`;

describe('packed package', () => {
  let folder: string;
  let consumer: string;

  beforeAll(async () => {
    // Inside node_modules, so that what is unpacked finds the packages that it depends on.
    await mkdir(join(ROOT, 'node_modules/.cache'), { recursive: true });
    folder = await mkdtemp(join(ROOT, 'node_modules/.cache/mnsoss-face-pack-'));
    const sources = join(folder, 'sources');
    for (const name of PACKED) await cp(join(ROOT, name), join(sources, name), { recursive: true });
    await bundle(join(sources, 'dist'), 'warning');
    await declarations(join(sources, 'dist/types'));
    const packing = ['pack', '--ignore-scripts', '--silent', '--pack-destination', folder];
    const { stdout } = await run('npm', packing, { cwd: sources });
    consumer = join(folder, 'consumer');
    const installed = join(consumer, 'node_modules/mnsoss-face');
    await mkdir(installed, { recursive: true });
    await run('tar', ['-xzf', join(folder, stdout.trim()), '-C', installed, '--strip-components', '1']);
    await writeFile(join(consumer, 'package.json'), JSON.stringify({ type: 'module' }));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  async function typeCheck(source: string, moduleResolution: 'NodeNext' | 'Bundler') {
    await writeFile(join(consumer, 'consumer.ts'), source);
    const compilerOptions = {
      target: 'ES2022',
      module: moduleResolution === 'Bundler' ? 'ESNext' : moduleResolution,
      moduleResolution,
      types: ['node'],
      strict: true,
      noEmit: true,
      // The declarations themselves are checked too.
      skipLibCheck: false,
    };
    await writeFile(
      join(consumer, 'tsconfig.json'),
      JSON.stringify({ compilerOptions, files: ['consumer.ts'] }),
    );
    const tsc = join(ROOT, 'node_modules/typescript/bin/tsc');
    return run(process.execPath, [tsc, '-p', consumer]).then(
      () => '',
      ({ stdout }: { stdout: string }) => stdout,
    );
  }

  test.each(['NodeNext', 'Bundler'] as const)(
    'the packed package has types for its local cloud: %s',
    async (moduleResolution) => {
      expect(await typeCheck(CONSUMER, moduleResolution)).toBe('');
    },
  );

  test('the types of the packed package let the compiler find a mistake', async () => {
    const wrong = await typeCheck(CONSUMER.replace('port: 0', "port: 'any'"), 'NodeNext');

    expect(wrong).toContain("Type 'string' is not assignable to type 'number'");
  });

  test('the packed package starts a local cloud', async () => {
    const script = CONSUMER.replaceAll(
      /^import type .*$|: (Fault|NewEventRule|LocalCloud\w*|\(\) => void)(?= =)/gm,
      '',
    );
    await writeFile(join(consumer, 'consumer.mjs'), script);

    const { stdout } = await run(process.execPath, [join(consumer, 'consumer.mjs')]);

    expect(stdout).toBe('403 AliyunOSS 0\n');
  });

  test('the test in the README passes with the packed package', async () => {
    const readme = await readFile(join(ROOT, 'README.md'), 'utf8');
    const [, example] = /^```js\n([\s\S]*?)^```/m.exec(readme) ?? [];
    await writeFile(join(consumer, 'uploads.test.mjs'), example!);

    const { stdout } = await run(process.execPath, ['--test', '--test-reporter=tap', 'uploads.test.mjs'], {
      cwd: consumer,
    });

    expect(stdout).toContain('ok 1 - an upload below incoming/ is announced in the queue');
    expect(stdout).toContain('# pass 1');
  });

  test('the packed package runs functions on its local cloud', async () => {
    const code = join(consumer, 'function');
    await mkdir(code, { recursive: true });
    await writeFile(join(code, 'package.json'), '{}');
    await writeFile(join(code, 'index.js'), "exports.handler = async (event) => 'got ' + event;");
    const config = { handler: 'index.handler', environment: {}, timeoutSeconds: 20, memoryMb: 512 };
    await writeFile(
      join(consumer, 'functions.mjs'),
      `import { startLocalCloud } from 'mnsoss-face/local';
      const cloud = await startLocalCloud();
      const fc = await cloud.startFc({ functions: [${JSON.stringify({ ...config, name: 'echo', codeDir: code })}] });
      console.log((await fc.invoke('echo', Buffer.from('it'))).body.toString());
      await cloud.close();`,
    );

    const { stdout } = await run(process.execPath, [join(consumer, 'functions.mjs')]);

    expect(stdout).toBe('got it\n');
  });

  test('the packed package has the schemas and the command under their public names', async () => {
    await writeFile(
      join(consumer, 'schemas.mjs'),
      `import { createRequire } from 'node:module';
      const require = createRequire(import.meta.url);
      for (const name of ['faces-1', 'enrolment-1']) console.log(require('mnsoss-face/schemas/' + name + '.json').$schema);`,
    );

    const schemas = await run(process.execPath, [join(consumer, 'schemas.mjs')]);
    const bin = join(consumer, 'node_modules/mnsoss-face/cli/bin.js');
    const help = await run(process.execPath, [bin, 'cloud', '--help']);

    expect(schemas.stdout.match(/json-schema.org/g)).toHaveLength(2);
    expect(help.stdout).toContain('--in-memory');
  });
});

import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { aFunction, bytes, openFc } from './support.ts';

const EXITED =
  /^Process exited unexpectedly before completing request \(duration: \d+ms, maxMemoryUsage: \d+MB\)$/;

describe('handlers of functions', () => {
  test.each([
    ['a promise of an object', 'async (event) => ({ got: event.toString() })', '{"got":"hello"}'],
    ['bytes as they are', '(event) => Buffer.concat([event, Buffer.from([255])])', 'hello\ufffd'],
    ['a number as text', 'async () => 42', '42'],
    ['nothing', 'async () => {}', ''],
    ['a result through a callback', '(event, context, callback) => callback(null, "done")', 'done'],
  ])('a handler returns %s', async (_, handler, expected) => {
    const { fc } = await openFc([await aFunction(`exports.handler = ${handler};`)]);

    const { body, errorType } = await fc.invoke('probe', bytes('hello'));

    expect(body.toString()).toBe(expected);
    expect(errorType).toBeUndefined();
  });

  test('a handler has the environment and context of Function Compute and no other variable', async () => {
    const config = await aFunction(
      'exports.handler = async (event, context) => ({ env: process.env, context, logs: typeof context.logger.info });',
      { environment: { GREETING: 'hello' }, timeoutSeconds: 7, memoryMb: 384 },
    );
    const { fc, cloud } = await openFc([config]);

    const { body, requestId } = await fc.invoke('probe', bytes('{}'));

    const { env, context, logs } = JSON.parse(body.toString());
    expect(env).toMatchObject({
      FC_FUNCTION_NAME: 'probe',
      FC_FUNCTION_HANDLER: 'index.handler',
      FC_FUNCTION_MEMORY_SIZE: '384',
      FC_TIMEOUT: '7',
      FC_REGION: 'cn-shanghai',
      FC_ACCOUNT_ID: cloud.accountId,
      FC_FUNC_CODE_PATH: `${config.codeDir}/`,
      GREETING: 'hello',
    });
    expect(Object.keys(env).filter((name) => /npm_|VITEST|HOME/.test(name))).toEqual([]);
    expect(context).toMatchObject({
      requestId,
      region: 'cn-shanghai',
      function: { name: 'probe', memory: 384, timeout: 7 },
      service: { name: '' },
    });
    expect(context.credentials.accessKeyId).toMatch(/^STS\./);
    expect(logs).toBe('function');
  });

  test('a handler that throws fails with the name and message of its error', async () => {
    const code = 'exports.handler = async () => { throw new TypeError("no such thing"); };';
    const { fc } = await openFc([await aFunction(code)]);

    const { body, errorType, log } = await fc.invoke('probe', bytes('{}'));

    expect(errorType).toBe('HandledInvocationError');
    expect(JSON.parse(body.toString())).toMatchObject({
      errorMessage: 'no such thing',
      errorType: 'TypeError',
    });
    expect(log).toContain(', Error: Unhandled function error');
  });

  test.each([
    ['ends its process', 'process.exit(7)', EXITED, 'the process ended: code 7'],
    [
      'throws where nobody catches',
      'setImmediate(() => { throw new Error("lost"); })',
      EXITED,
      'Error: lost',
    ],
    [
      'does not come back in time',
      '',
      /^Function timed out after 1 seconds \(maxMemoryUsage: [\d.]+MB\)$/,
      'FC Invoke Start',
    ],
  ])('a handler that %s fails, and its instance is replaced', async (_, statement, message, line) => {
    const code = `exports.handler = (event) =>
      event.toString() === 'well' ? String(process.pid) : new Promise(() => { ${statement} });`;
    const { fc } = await openFc([await aFunction(code, { timeoutSeconds: 1 })]);

    const before = await fc.invoke('probe', bytes('well'));
    const bad = await fc.invoke('probe', bytes('ill'));
    const after = await fc.invoke('probe', bytes('well'));

    expect(bad.errorType).toBe('UnhandledInvocationError');
    // The service names no type for a process that ends.
    expect(JSON.parse(bad.body.toString())).toEqual({ errorMessage: expect.stringMatching(message) });
    expect(bad.log).toContain(line);
    expect(after.errorType).toBeUndefined();
    expect(after.body.toString()).not.toBe(before.body.toString());
  });

  test('a handler that needs more memory than its function has fails', async () => {
    const code = 'exports.handler = async () => Buffer.alloc(150 * 1024 * 1024, 1).length;';
    const { fc } = await openFc([await aFunction(code, { memoryMb: 128 })]);

    const { body, errorType, maxMemoryMb, log } = await fc.invoke('probe', bytes('{}'));

    expect(errorType).toBe('UnhandledInvocationError');
    expect(JSON.parse(body.toString())).toEqual({ errorMessage: expect.stringMatching(EXITED) });
    expect(log).toContain('more memory than 128 MB');
    expect(maxMemoryMb).toBeGreaterThan(128);
  });

  test("the log of an invocation has the handler's output between the lines of Function Compute", async () => {
    const code =
      'exports.handler = async (event, { logger }) => { console.log("one"); logger.warn("two"); };';
    const { fc } = await openFc([await aFunction(code)]);

    const { log, requestId } = await fc.invoke('probe', bytes('{}'));

    expect(log.split('\n')).toEqual([
      `FC Invoke Start RequestId: ${requestId}`,
      'one',
      expect.stringMatching(new RegExp(`^\\S+Z ${requestId} \\[warn\\] two$`)),
      `FC Invoke End RequestId: ${requestId}`,
      `RequestId: ${requestId}`,
      expect.stringMatching(
        /^Duration: [\d.]+ ms, Billed Duration: \d+ ms, Memory Size: 512 MB, Max Memory Used: [\d.]+ MB$/,
      ),
      '',
    ]);
  });
});

describe('instances of functions', () => {
  const COUNTING = `
    let inits = 0, calls = 0;
    exports.initialize = async () => { inits++; };
    exports.handler = async () => ({ inits, calls: ++calls });
    exports.preStop = async () => require('fs').writeFileSync(process.env.STOPPED, String(calls));`;

  test('an instance is initialized once, reused, and runs its preStop hook before it ends', async () => {
    const config = await aFunction(COUNTING, { initializer: 'index.initialize', preStop: 'index.preStop' });
    const stopped = join(config.codeDir, 'stopped');
    const { fc } = await openFc([{ ...config, environment: { STOPPED: stopped } }]);

    await fc.invoke('probe', bytes('{}'));
    const { body } = await fc.invoke('probe', bytes('{}'));
    expect(existsSync(stopped)).toBe(false);
    await fc.close();

    expect(JSON.parse(body.toString())).toEqual({ inits: 1, calls: 2 });
    expect(await readFile(stopped, 'utf8')).toBe('2');
  });

  test('an instance whose initializer fails handles no event', async () => {
    const code = `exports.initialize = async () => { throw new Error('not configured'); };
      exports.handler = async () => 'never';`;
    const { fc } = await openFc([await aFunction(code, { initializer: 'index.initialize' })]);

    const { errorType, body } = await fc.invoke('probe', bytes('{}'));

    expect(errorType).toBe('HandledInvocationError');
    expect(JSON.parse(body.toString()).errorMessage).toBe('not configured');
  });

  test('an instance handles one event at a time, and an event is refused if all instances are busy', async () => {
    const code = 'exports.handler = () => new Promise(() => {});';
    const { fc } = await openFc([await aFunction(code, { maxInstances: 1, timeoutSeconds: 1 })]);

    const first = fc.invoke('probe', bytes('{}'));
    const second = fc.invoke('probe', bytes('{}'));

    await expect(second).rejects.toMatchObject({ code: 'ResourceExhausted', status: 429 });
    expect(await first).toMatchObject({ errorType: 'UnhandledInvocationError' });
  });
});

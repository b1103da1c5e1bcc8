import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { MnsossError } from '../../../shared/runtime/errors.ts';
import { createLogger, type LogFields } from '../../../shared/runtime/log.ts';
import { tempDir } from '../../support/temp-dir.ts';

it('writes one JSON line with its level as a word and hides secrets by their names', () => {
  const lines: string[] = [];
  const logger = createLogger({ write: (line) => lines.push(line) });

  logger
    .child({ key: 'incoming/a.jpg' })
    .warn(
      { accessKeySecret: 's3cr3t', request: { authorization: 's3cr3t', 'security-token': 's3cr3t' } },
      'refused',
    );

  expect(lines).toHaveLength(1);
  expect(lines[0]).not.toContain('s3cr3t');
  expect(JSON.parse(lines[0]!)).toMatchObject({ level: 'warn', msg: 'refused', key: 'incoming/a.jpg' });
});

it('says nothing below its level', () => {
  const lines: string[] = [];

  createLogger({ level: 'warn', write: (line) => lines.push(line) }).info({}, 'hello');

  expect(lines).toEqual([]);
});

it('hides secrets however deep they stand, in errors too', () => {
  const lines: string[] = [];
  const logger = createLogger({ write: (line) => lines.push(line) });
  const error = Object.assign(new Error('outer'), { request: { headers: { authorization: 's3cr3t' } } });

  logger.error({ err: error, deep: [{ deeper: { accessKeyId: 's3cr3t' } }] }, 'refused');

  expect(lines[0]).not.toContain('s3cr3t');
  expect(JSON.parse(lines[0]!)).toMatchObject({ err: { message: 'outer' } });
});

it('tells an error with its code, stack and cause', () => {
  const lines: string[] = [];
  const cause = new Error('the connection broke');
  const error = new MnsossError('NetworkError', 'PUT failed', { cause });

  createLogger({ write: (line) => lines.push(line) }).error({ err: error }, 'failed');

  expect(JSON.parse(lines[0]!).err).toMatchObject({
    code: 'NetworkError',
    message: 'PUT failed',
    stack: expect.stringContaining('log.test.ts'),
    cause: { message: 'the connection broke' },
  });
});

it('writes a line also for fields that are no JSON', () => {
  const lines: string[] = [];
  const circular: Record<string, unknown> = {};
  circular.self = circular;

  createLogger({ write: (line) => lines.push(line) }).info(circular as LogFields, 'round');

  expect(JSON.parse(lines[0]!)).toMatchObject({ level: 'info', msg: 'round' });
});

it('appends to a file in a folder that it makes', async () => {
  const file = join(await tempDir(), 'logs', 'out.log');

  createLogger({ file }).info({ bytes: 1n }, 'one');
  createLogger({ file }).info({ gone: undefined }, 'two');

  const lines = readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(lines).toMatchObject([{ msg: 'one', bytes: '1' }, { msg: 'two' }]);
});

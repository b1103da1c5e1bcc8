import { expect, test } from 'vitest';
import { createLogger } from '../../../shared/runtime/log.ts';

test('the logger writes one JSON line with its level as a word and hides secrets by their names', () => {
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

test('the logger writes nothing below its level', () => {
  const lines: string[] = [];

  createLogger({ level: 'warn', write: (line) => lines.push(line) }).info({}, 'hello');

  expect(lines).toEqual([]);
});

test('a line of the log holds no control character, not even those that JSON leaves as they are', () => {
  const lines: string[] = [];
  const key = 'incoming/\u009b2J\u202egpj.exe\u007f\u2028.jpg';

  createLogger({ write: (line) => lines.push(line) }).info({ key }, key);

  expect(lines.join('')).toMatch(/^[\x20-\x7e]*\n$/);
  expect(JSON.parse(lines[0]!)).toMatchObject({ key, msg: key });
});

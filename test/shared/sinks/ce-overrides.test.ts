import { expect, test } from 'vitest';
import { parseCeOverrides } from '../../../shared/sinks/ce-overrides.ts';

test.each([
  ['{"extensions":{"team":"faces"}}', { extensions: { team: 'faces' } }],
  ['{}', { extensions: {} }],
])('parseCeOverrides reads %s', (text, expected) => {
  expect(parseCeOverrides(text)).toEqual(expected);
});

test.each([
  '',
  'null',
  '{"extensions":{"Team":"faces"}}',
  '{"extensions":{"id":"mine"}}',
  '{"extensions":{"team":1}}',
  '{"extensions":[]}',
])('parseCeOverrides rejects %j', (text) => {
  expect(() => parseCeOverrides(text)).toThrow(expect.objectContaining({ code: 'ConfigInvalid' }));
});

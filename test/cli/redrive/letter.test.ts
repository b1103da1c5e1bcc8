import { readFile } from 'node:fs/promises';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readLetter } from '../../../cli/redrive/letter.ts';
import { describeLetter } from '../../../functions/mns-poller/dead-letters.ts';

const aLetter = {
  queue: 'face-events',
  messageId: '5F2E',
  body: 'no event',
  bodyMD5: '',
  enqueueTime: 0,
  firstDequeueTime: 0,
  dequeueCount: 1,
  priority: 8,
  deadTime: 0,
  code: 'EnvelopeUnknown',
  reason: 'expected JSON',
};

test('readLetter reads a letter of the poller with its queue and its reason', () => {
  const letter = readLetter(JSON.stringify(describeLetter(aLetter)), 'other');

  expect(letter).toEqual({
    id: '5F2E',
    reason: 'EnvelopeUnknown: expected JSON',
    body: 'no event',
    origin: { kind: 'queue', queue: 'face-events' },
  });
});

test.each(['as it is', 'in Base64'])(
  'what Function Compute sent to a destination is read %s',
  async (how) => {
    const sample = await readFile(new URL('../../../events/async-destination.json', import.meta.url), 'utf8');

    const letter = readLetter(how === 'in Base64' ? Buffer.from(sample).toString('base64') : sample, 'other');

    expect(letter).toMatchObject({
      id: '1-65a0b1c2-00000000-000000000002',
      reason: 'UnhandledInvocationError after 4 tries',
      origin: { kind: 'function', arn: 'acs:fc:cn-shanghai:1000000000000001:functions/face-recognition' },
    });
    expect(JSON.parse(letter.body)).toHaveProperty('events');
  },
);

test('readLetter takes any other text for a bare body without an origin', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
      expect(readLetter(text, 'message-1')).toMatchObject({ id: 'message-1', body: text });
    }),
  );
});

import { describe, expect, test } from 'vitest';
import { admit } from '../../../shared/pipeline/admit.ts';
import { readPipelineOptions } from '../../../shared/pipeline/options.ts';
import { anEvent } from '../../support/events.ts';

const rules = readPipelineOptions({});

describe('admit', () => {
  test.each(['PutObject', 'PostObject', 'CopyObject', 'AppendObject', 'CompleteMultipartUpload'])(
    'an event of %s is processed',
    (name) => {
      expect(admit(anEvent({ eventName: `ObjectCreated:${name}` }), rules)).toEqual({ action: 'process' });
    },
  );

  test.each(['DeleteObject', 'DeleteObjects'])('an event of %s removes results', (name) => {
    expect(admit(anEvent({ eventName: `ObjectRemoved:${name}` }), rules)).toEqual({ action: 'remove' });
  });

  test.each([
    ['event-type', { eventName: 'ObjectCreated:UploadPart' }],
    ['event-type', { eventName: 'ObjectDownloaded:GetObject' }],
    ['event-type', { eventName: 'ObjectRemoved:AbortMultipartUpload' }],
    ['event-type', { eventName: 'ObjectReplicated:Tomorrow' }],
    ['own-result', { key: 'results/incoming/a.jpg/annotated.jpg' }],
    ['outside-prefix', { key: 'elsewhere/a.jpg' }],
    ['folder', { key: 'incoming/2026/' }],
  ] as const)('an event is ignored by rule %s: %o', (rule, changes) => {
    expect(admit(anEvent(changes), rules)).toEqual({ action: 'ignore', rule });
  });

  test.each([
    ['incoming%2Fa%20b.jpg', { action: 'process' }],
    ['incoming/100%.jpg', { action: 'process' }],
    ['results%2Fincoming%2Fa.jpg%2Fannotated.jpg', { action: 'ignore', rule: 'own-result' }],
    ['elsewhere%2Fa.jpg', { action: 'ignore', rule: 'outside-prefix' }],
    ['incoming%2Fa%2F', { action: 'ignore', rule: 'folder' }],
  ])('the key %s is judged by its decoded form too', (key, admission) => {
    expect(admit(anEvent({ key }), rules)).toEqual(admission);
  });

  test('suffixes match in upper and lower case', () => {
    const jpegs = readPipelineOptions({ SOURCE_SUFFIXES: '.jpg, .jpeg' });

    expect(admit(anEvent({ key: 'incoming/A.JPG' }), jpegs)).toEqual({ action: 'process' });
    expect(admit(anEvent({ key: 'incoming/a.png' }), jpegs)).toEqual({
      action: 'ignore',
      rule: 'outside-suffix',
    });
  });

  test('REMOVE_RESULTS=false ignores removals', () => {
    const keep = readPipelineOptions({ REMOVE_RESULTS: 'false' });

    expect(admit(anEvent({ eventName: 'ObjectRemoved:DeleteObject' }), keep)).toEqual({
      action: 'ignore',
      rule: 'removal-off',
    });
  });

  test('a result prefix that begins with the bucket makes no source an own result', () => {
    const byBucket = readPipelineOptions({ RESULT_PREFIX: '{bucket}/results/' });

    expect(admit(anEvent(), byBucket)).toEqual({ action: 'process' });
  });

  test('own results are recognized only in the result bucket', () => {
    const elsewhere = readPipelineOptions({ RESULT_BUCKET: 'faces', SOURCE_PREFIX: 'results/' });

    expect(admit(anEvent({ key: 'results/a.jpg' }), elsewhere)).toEqual({ action: 'process' });
    expect(admit(anEvent({ key: 'results/a.jpg', bucket: 'faces' }), elsewhere)).toEqual({
      action: 'ignore',
      rule: 'own-result',
    });
  });
});

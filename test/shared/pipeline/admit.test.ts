import { describe, expect, it } from 'vitest';
import { admit } from '../../../shared/pipeline/admit.ts';
import { readPipelineOptions } from '../../../shared/pipeline/options.ts';
import { anEvent } from '../../support/events.ts';

const rules = readPipelineOptions({});

describe('an event', () => {
  it.each(['PutObject', 'PostObject', 'CopyObject', 'AppendObject', 'CompleteMultipartUpload'])(
    'of %s is processed',
    (name) => {
      expect(admit(anEvent({ eventName: `ObjectCreated:${name}` }), rules)).toEqual({ action: 'process' });
    },
  );

  it.each(['DeleteObject', 'DeleteObjects'])('of %s removes results', (name) => {
    expect(admit(anEvent({ eventName: `ObjectRemoved:${name}` }), rules)).toEqual({ action: 'remove' });
  });

  it.each([
    ['event-type', { eventName: 'ObjectCreated:UploadPart' }],
    ['event-type', { eventName: 'ObjectDownloaded:GetObject' }],
    ['event-type', { eventName: 'ObjectRemoved:AbortMultipartUpload' }],
    ['own-result', { key: 'results/incoming/a.jpg/annotated.jpg' }],
    ['outside-prefix', { key: 'elsewhere/a.jpg' }],
    ['folder', { key: 'incoming/2026/' }],
  ] as const)('is ignored by rule %s: %o', (rule, changes) => {
    expect(admit(anEvent(changes), rules)).toEqual({ action: 'ignore', rule });
  });

  it('is matched with suffixes in any case of letters', () => {
    const jpegs = readPipelineOptions({ SOURCE_SUFFIXES: '.jpg, .jpeg' });

    expect(admit(anEvent({ key: 'incoming/A.JPG' }), jpegs)).toEqual({ action: 'process' });
    expect(admit(anEvent({ key: 'incoming/a.png' }), jpegs)).toEqual({
      action: 'ignore',
      rule: 'outside-suffix',
    });
  });

  it('of a removal is ignored when results are to stay', () => {
    const keep = readPipelineOptions({ REMOVE_RESULTS: 'false' });

    expect(admit(anEvent({ eventName: 'ObjectRemoved:DeleteObject' }), keep)).toEqual({
      action: 'ignore',
      rule: 'removal-off',
    });
  });

  it('from a result bucket of its own is checked for that bucket only', () => {
    const elsewhere = readPipelineOptions({ RESULT_BUCKET: 'faces', SOURCE_PREFIX: 'results/' });

    expect(admit(anEvent({ key: 'results/a.jpg' }), elsewhere)).toEqual({ action: 'process' });
    expect(admit(anEvent({ key: 'results/a.jpg', bucket: 'faces' }), elsewhere)).toEqual({
      action: 'ignore',
      rule: 'own-result',
    });
  });
});

import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { openEnvelope } from '../../shared/envelope/open-envelope.ts';
import { readTimerEvent } from '../../shared/envelope/timer.ts';

const FOLDER = new URL('../../events/', import.meta.url);
const read = (name: string) => readFileSync(new URL(name, FOLDER));

const TEAM = 'ObjectCreated:PutObject 65A0B1C2D3E4F5A6B7C8D901.0 incoming/team.jpg';
const GARDEN = 'ObjectCreated:PutObject 65A0B1C2D3E4F5A6B7C8D905.0 incoming/garden.jpg';

/** Sample, envelopes from the outside in, and what is found there. */
const SAMPLES: readonly (readonly [string, readonly string[], readonly string[]])[] = [
  ['oss-put-object.json', ['oss-notification'], [TEAM]],
  [
    'oss-post-object.json',
    ['oss-notification'],
    ['ObjectCreated:PostObject 65A0B1C2D3E4F5A6B7C8D902.0 incoming/form upload.jpg'],
  ],
  [
    'oss-complete-multipart.json',
    ['oss-notification'],
    ['ObjectCreated:CompleteMultipartUpload 65A0B1C2D3E4F5A6B7C8D903.0 incoming/wedding/群組 50%.png'],
  ],
  [
    'oss-delete-object.json',
    ['oss-notification'],
    ['ObjectRemoved:DeleteObject 65A0B1C2D3E4F5A6B7C8D904.0 incoming/team.jpg'],
  ],
  ['eventbridge-oss.json', ['eventbridge-oss', 'oss-record'], [TEAM]],
  ['eventbridge-batch.json', ['cloudevents-batch', 'eventbridge-oss', 'oss-record'], [TEAM, GARDEN]],
  ['eventbridge-record.json', ['oss-record'], [TEAM]],
  ['mns-queue-event.json', ['mns-queue-event', 'oss-notification'], [TEAM]],
  [
    'mns-queue-batch.json',
    ['cloudevents-batch', 'mns-queue-event', 'base64', 'oss-notification'],
    [TEAM, GARDEN],
  ],
  ['mns-topic-json.json', ['mns-topic-json', 'base64', 'oss-notification'], [TEAM]],
  ['mns-topic-stream.json', ['mns-topic-stream', 'base64', 'oss-notification'], [TEAM]],
  ['mns-topic-xml.xml', ['mns-topic-xml', 'base64', 'oss-notification'], [TEAM]],
  ['base64.txt', ['base64', 'oss-notification'], [TEAM]],
  ['knative-cloudevent.json', ['cloudevent', 'base64', 'oss-notification'], [TEAM]],
  ['http-v1.json', ['http-v1', 'oss-notification'], [TEAM]],
  ['async-destination.json', ['async-destination', 'oss-notification'], [TEAM]],
];

describe('events/', () => {
  test.each(SAMPLES)('the sample %s opens as %j', (name, envelopes, expected) => {
    const { events, faults } = openEnvelope(read(name));

    expect(faults).toEqual([]);
    expect(events.map((event) => `${event.eventName} ${event.id} ${event.key}`)).toEqual(expected);
    for (const event of events)
      expect(event).toMatchObject({ envelopes, bucket: 'photos', region: 'cn-shanghai' });
  });

  test('the sample timer.json is a timer event', () => {
    expect(readTimerEvent(read('timer.json'))).toMatchObject({ triggerName: 'drain-every-minute' });
  });

  test('events/README.md describes every sample, and every sample is opened here', () => {
    const names = readdirSync(FOLDER).filter((name) => name !== 'README.md');
    const readme = read('README.md').toString();

    expect(names.sort()).toEqual([...SAMPLES.map(([name]) => name), 'timer.json'].sort());
    expect(names.filter((name) => !readme.includes(`\`${name}\``))).toEqual([]);
  });
});

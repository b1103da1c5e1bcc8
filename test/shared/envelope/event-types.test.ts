import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { functionSchema } from '../../../cli/deploy/schema.ts';
import { SOURCE_EVENTS } from '../../../functions/mnsoss-controller/source/event-types.ts';
import { checkRule } from '../../../local/rules/rule.ts';
import {
  EVENT_TYPES,
  type EventType,
  eventTypeOf,
  RECOGNIZED_EVENTS,
  TRIGGER_EVENTS,
} from '../../../shared/envelope/event-types.ts';
import { openEnvelope } from '../../../shared/envelope/open-envelope.ts';
import { admit } from '../../../shared/pipeline/admit.ts';
import { readPipelineOptions } from '../../../shared/pipeline/options.ts';
import { anEvent } from '../../support/events.ts';

const ROOT = new URL('../../../', import.meta.url);
const read = (path: string) => readFileSync(new URL(path, ROOT), 'utf8');
const types: readonly EventType[] = EVENT_TYPES;
const recognized = [...RECOGNIZED_EVENTS].sort();
const withoutPrefix = (type: string) => type.replace(/^oss:/, '');

describe('EVENT_TYPES', () => {
  test('the table of event types names every type once', () => {
    expect(new Set(types.map(({ name }) => name)).size).toBe(types.length);
  });

  test('of the recognized types a trigger may name all but the end of a restore', () => {
    const hidden = RECOGNIZED_EVENTS.filter((name) => !TRIGGER_EVENTS.includes(name));

    expect(hidden).toEqual(['ObjectRestore:FinishRestore']);
  });

  test('the table of event types has no row for a type that OSS does not document', () => {
    expect(eventTypeOf('ObjectCreated:PutVideo')).toBeUndefined();
  });
});

test.each(types)('the pipeline admits $name exactly when the table says that it is recognized', (type) => {
  const { action } = admit(anEvent({ eventName: type.name }), readPipelineOptions({}));

  const expected = { removes: 'remove', restores: 'complete' }[type.effect as string] ?? 'process';
  expect(action).toBe(type.isRecognized ? expected : 'ignore');
});

test.each(types)('an event rule of the local cloud may name $name and its group', ({ name }) => {
  const group = `${name.split(':')[0]}:*`;
  const rule = (eventType: string) => () =>
    checkRule({
      name: 'uploads',
      eventTypes: [eventType],
      resources: [{ bucket: 'photos', prefix: '', suffix: '' }],
      endpoints: [{ type: 'queue', name: 'events' }],
    });

  expect(rule(name)).not.toThrow();
  expect(rule(group)).not.toThrow();
  expect(rule(`${name}!`)).toThrow('unknown');
});

test.each(types)('an OSS trigger of a template may name $name unless the table keeps it to rules', (type) => {
  const trigger = {
    triggerName: 'oss',
    triggerType: 'oss',
    sourceArn: 'acs:oss:cn-hangzhou:1:photos',
    triggerConfig: { events: [`oss:${type.name}`], filter: { key: { prefix: '', suffix: '' } } },
  };

  const { success } = functionSchema.shape.triggers.safeParse([trigger]);

  expect(success).toBe(type.selectable === 'rules and triggers');
});

test('a source announces every change of an object, recognized or not, and no bookkeeping', () => {
  const announced = SOURCE_EVENTS.map(({ type }) => withoutPrefix(type)).sort();

  expect(announced).toEqual(
    [...recognized, 'ObjectCreated:PutSymlink', 'ObjectModified:UpdateObjectMeta'].sort(),
  );
});

test.each(['oss.json', 'oss-with-people.json'])(
  'every trigger of deploy/triggers/%s names the recognized types that a trigger may name',
  (file) => {
    const triggers = JSON.parse(read(`deploy/triggers/${file}`)) as { triggerConfig: { events: string[] } }[];

    const named = triggers.map(({ triggerConfig }) => triggerConfig.events.map(withoutPrefix).sort());

    expect(named).toEqual(triggers.map(() => [...TRIGGER_EVENTS].sort()));
  },
);

test('the Trigger of Knative takes the recognized types', () => {
  const [trigger] = parseAllDocuments(read('knative/faces/360-triggers.yaml')).map(
    (document) => document.toJS() as { spec: { filters: { any?: { exact: { type: string } }[] }[] } },
  );

  const taken = trigger!.spec.filters.flatMap(({ any = [] }) => any.map(({ exact }) => exact.type));

  expect(taken.map(withoutPrefix).sort()).toEqual(recognized);
});

test('the event rule of docs/knative.md names the recognized types', () => {
  const paragraph = read('docs/knative.md')
    .split('\n\n')
    .find((text) => text.includes('CompleteMultipartUpload'))!;

  const named = types.map(({ name }) => name).filter((name) => paragraph.includes(`${name.split(':')[1]}\``));

  expect(named.sort()).toEqual(recognized);
});

test('the samples in events/ hold only recognized types', () => {
  const samples = readdirSync(new URL('events/', ROOT));

  const names = samples.flatMap((file) =>
    openEnvelope(readFileSync(new URL(`events/${file}`, ROOT))).events.map(({ eventName }) => eventName),
  );

  expect(recognized).toEqual(expect.arrayContaining(names));
  expect(names).toContain('ObjectRemoved:DeleteObject');
});

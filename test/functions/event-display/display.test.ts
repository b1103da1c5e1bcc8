import { CloudEvent } from 'cloudevents';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createDisplay } from '../../../functions/event-display/display.ts';
import { layOut } from '../../../functions/event-display/layout.ts';
import { type HttpMode, toCloudEvent, toHttpMessage } from '../../../shared/envelope/cloud-event.ts';
import { openEnvelope } from '../../../shared/envelope/open-envelope.ts';
import { manualClock } from '../../../shared/runtime/clock.ts';
import { NOTIFICATION, PRINTED } from './walkthrough.ts';

/** Of the zone in which the tests run, as the display takes that of its process. */
const NOW = new Date(2020, 11, 16, 13, 4, 19).getTime();
const LINE = '2020/12/16 13:04:19 receive cloudevents.Event:\n';

function display({ showAttributes = false } = {}) {
  let printed = '';
  const handle = createDisplay({
    showAttributes,
    clock: manualClock(NOW),
    write: (text) => {
      printed += text;
    },
  });
  return {
    printed: () => printed,
    send: (headers: Record<string, string>, body: string | Uint8Array) =>
      handle({
        method: 'POST',
        path: '/',
        headers,
        body: Buffer.from(body),
        signal: new AbortController().signal,
      }),
  };
}

const eventOf = (data: unknown, changes = {}) =>
  new CloudEvent<unknown>({
    id: '1',
    source: 'any',
    type: 'any',
    datacontenttype: 'application/json',
    data,
    ...changes,
  });

const send = (to: ReturnType<typeof display>, event: CloudEvent<unknown>, mode: HttpMode = 'binary') => {
  const { headers, body } = toHttpMessage(event, mode);
  return to.send(headers, body);
};

describe('createDisplay', () => {
  test.each(['binary', 'structured'] as const)(
    'an event is printed as the walk-through prints it, in %s mode',
    async (mode) => {
      const shown = display();

      const answer = await send(shown, eventOf(NOTIFICATION), mode);

      expect(answer).toEqual({ status: 204 });
      expect(shown.printed()).toBe(LINE + PRINTED);
    },
  );

  test('an event of the poller is printed the same', async () => {
    const shown = display();
    const [event] = openEnvelope(NOTIFICATION).events;

    await send(shown, toCloudEvent(event!, {}, 'notification') as CloudEvent<unknown>);

    expect(shown.printed()).toBe(LINE + PRINTED);
  });

  test('an event has its attributes above its data when they are enabled', async () => {
    const shown = display({ showAttributes: true });

    await send(shown, eventOf({ a: 1 }, { subject: 'a b', time: '2026-01-01T00:00:00.000Z' }));

    expect(shown.printed().split('\n')).toEqual([
      LINE.trim(),
      'id: 1',
      'time: 2026-01-01T00:00:00.000Z',
      'type: any',
      'source: any',
      'specversion: 1.0',
      'subject: a b',
      'datacontenttype: application/json',
      '{"a": 1}',
      '',
    ]);
  });

  test.each([
    ['text', Buffer.from('plain text'), 'plain text'],
    ['broken JSON', Buffer.from('{"a":'), '{"a":'],
    ['bytes', Buffer.from([0, 255]), 'AP8='],
    ['what would command a terminal', Buffer.from('a\u001b[2Jb\u0007'), 'a\\u001b[2Jb\\u0007'],
    [
      'JSON nested too deeply to lay out',
      Buffer.from(`${'[1,'.repeat(20_000)}1${']'.repeat(20_000)}`),
      undefined,
    ],
  ])('an event with %s as data is printed', async (_what, data, expected) => {
    const shown = display();
    const headers = { 'ce-specversion': '1.0', 'ce-id': '1', 'ce-source': 'a', 'ce-type': 'b' };

    await shown.send(headers, data);

    expect(shown.printed()).toBe(`${LINE}${expected ?? data}\n`);
  });

  test('an event cannot fake a line by an attribute', async () => {
    const shown = display({ showAttributes: true });

    await send(shown, eventOf({}, { comexample: 'x\n2020/12/16 faked' }), 'structured');

    expect(shown.printed()).toContain('comexample: x\\n2020/12/16 faked\n');
  });

  test('each valid event of a batch is printed, and a malformed one is rejected', async () => {
    const shown = display();
    const body = JSON.stringify([eventOf(1), {}, eventOf(2)]);

    const answer = await shown.send({ 'content-type': 'application/cloudevents-batch+json' }, body);

    expect(answer.status).toBe(400);
    expect(shown.printed()).toBe(`${LINE}1\n${LINE}2\n`);
  });
});

test('a request that is not a CloudEvent is rejected and not printed', async () => {
  const shown = display();

  const answer = await shown.send({ 'content-type': 'application/json' }, '{"events":[]}');

  expect(answer.status).toBe(400);
  expect(shown.printed()).toBe('');
});

describe('layOut', () => {
  test('the layout keeps everything', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(JSON.parse(layOut(value))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  test.each([
    [[], '[]'],
    [{}, '{}'],
    [{ a: [{}, 1] }, '{"a": [\n        {},\n        1]}'],
  ])('the layout of %j', (value, expected) => {
    expect(layOut(value)).toBe(expected);
  });
});

import { expect, test } from 'vitest';
import { createMemoryBudget } from '../../../../shared/faces/pictures/budget.ts';
import { enterLane } from '../../../../shared/faces/pictures/lanes.ts';
import { type CallResult, ProcessEnded } from '../../../../shared/faces/pictures/process.ts';
import type { Call, CallName } from '../../../../shared/faces/pictures/protocol.ts';
import { openRemotePicture } from '../../../../shared/faces/pictures/remote-picture.ts';
import { createResourcePool } from '../../../../shared/faces/pictures/resource-pool.ts';
import type { Slot, SlotProcess } from '../../../../shared/faces/pictures/slot.ts';
import type { CallLimits } from '../../../../shared/faces/pictures/watch.ts';
import { DEFAULT_IMAGE_BOUNDS, MEGABYTE } from '../../../../shared/images/image.ts';

const FACTS = { width: 10, height: 10, format: 'png', raster: { width: 10, height: 10 } } as const;
const BYTES = Uint8Array.of(1, 2, 3);

interface Asked {
  readonly lane: string;
  readonly call: CallName;
  readonly processorMs: number | undefined;
}

/** Two lanes whose processes answer as scripted, and what they were asked. */
async function lanes(answer: (asked: Asked) => unknown) {
  const asked: Asked[] = [];
  const slot = (lane: string): Slot => {
    const process: SlotProcess = {
      countPicture: () => false,
      async call<C extends CallName>(
        { call }: Extract<Call, { call: C }>,
        { limits }: { limits?: CallLimits } = {},
      ): Promise<CallResult<C>> {
        const one: Asked = { lane, call, processorMs: limits?.processorMs };
        asked.push(one);
        return { answer: answer(one), files: [], processorMs: 0 } as unknown as CallResult<C>;
      },
      forget() {},
      hasEnded: false,
      residentBytes: 0,
      async close() {},
    };
    return { process: async () => process, enter: () => () => {}, async close() {} };
  };
  const limits = { maxWaiting: 1, retryAfterMs: 1 };
  const ordinary = createResourcePool([slot('ordinary')], limits);
  const costly = createResourcePool([slot('costly')], limits);
  const lane = await enterLane({ ordinary, costly });
  const deps = { lane, budget: createMemoryBudget(1000 * MEGABYTE), onCrash() {} };
  return {
    asked,
    ordinary,
    costly,
    open: () => openRemotePicture(BYTES, { bounds: DEFAULT_IMAGE_BOUNDS }, deps),
  };
}

const cheap = { memoryBytes: MEGABYTE, processorMs: 10 };

test('a picture that is expected to be cheap stays in its lane', async () => {
  const { asked, open } = await lanes(({ call }) => (call === 'inspect' ? cheap : FACTS));

  await open();

  expect(asked.map(({ lane, call }) => `${lane} ${call}`)).toEqual(['ordinary inspect', 'ordinary decode']);
});

test.each([
  ['much processor time', { ...cheap, processorMs: 5000 }],
  ['much memory', { ...cheap, memoryBytes: 400 * MEGABYTE }],
])('a picture that is expected to need %s moves to the lane of costly pictures', async (_, cost) => {
  const { asked, ordinary, open } = await lanes(({ call }) => (call === 'inspect' ? cost : FACTS));

  await open();

  expect(asked.map(({ lane, call }) => `${lane} ${call}`)).toEqual([
    'ordinary inspect',
    'costly inspect',
    'costly decode',
  ]);
  await expect(ordinary.acquire()).resolves.toBeDefined();
});

test('a picture whose decoding costs more than expected moves on, and its time so far counts', async () => {
  const { asked, open } = await lanes(({ lane, call }) => {
    if (call === 'inspect') return cheap;
    if (lane === 'ordinary') throw new ProcessEnded('processor');
    return FACTS;
  });

  await open();

  expect(asked.filter(({ call }) => call === 'decode')).toEqual([
    { lane: 'ordinary', call: 'decode', processorMs: 2000 },
    { lane: 'costly', call: 'decode', processorMs: 8000 },
  ]);
});

test('a picture that exceeds its bound in the lane of costly pictures is invalid, and leaves both lanes', async () => {
  const { ordinary, costly, open } = await lanes(({ call }) => {
    if (call === 'inspect') return cheap;
    throw new ProcessEnded('processor');
  });

  const opening = open();

  await expect(opening).rejects.toMatchObject({
    code: 'ImageTooLarge',
    details: { bound: 'maxPictureSeconds', limit: 10 },
  });
  await expect(Promise.all([ordinary.acquire(), costly.acquire()])).resolves.toHaveLength(2);
});

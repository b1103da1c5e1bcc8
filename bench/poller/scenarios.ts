export interface Scenario {
  readonly name: string;
  readonly about: string;
  readonly messages: number;
  /** Messages before the CPU is counted: what a process does a thousand times is compiled by then. */
  readonly warmUp: number;
  /** Handlers at once. A contender that can only work in batches gets its largest batch, if that is less. */
  readonly concurrency: number;
  readonly visibilitySeconds: number;
  readonly workMs: (index: number) => number;
  /** Whether the message's first try fails. */
  readonly fails?: (index: number) => boolean;
  /** When a contender that never finishes is given up. */
  readonly limitSeconds: number;
  readonly course: 'finish' | 'stop' | 'down' | 'idle';
  /** What may go on at once because it waits and does not compute; contenders take turns when absent. */
  readonly sideBySide?: 'contenders' | 'everything';
}

const base = {
  warmUp: 0,
  concurrency: 10,
  visibilitySeconds: 30,
  limitSeconds: 120,
  course: 'finish' as const,
};

export const SCENARIOS: readonly Scenario[] = [
  {
    ...base,
    name: 'no-op',
    about: 'the handler does nothing',
    messages: 15_000,
    warmUp: 5_000,
    workMs: () => 0,
  },
  { ...base, name: '50 ms', about: 'each message takes 50 ms', messages: 600, workMs: () => 50 },
  {
    ...base,
    name: 'skew',
    about: 'each tenth takes 500 ms, the others 20 ms',
    messages: 600,
    workMs: (index) => (index % 10 === 0 ? 500 : 20),
  },
  {
    ...base,
    name: 'throwing',
    about: 'each hundredth fails once; 20 ms',
    messages: 600,
    visibilitySeconds: 2,
    workMs: () => 20,
    fails: (index) => index % 100 === 0,
  },
  {
    ...base,
    name: 'long',
    about: 'the handler takes 5 s, the visibility timeout is 2 s',
    messages: 10,
    visibilitySeconds: 2,
    limitSeconds: 15,
    workMs: () => 5_000,
    sideBySide: 'contenders',
  },
  {
    ...base,
    name: 'stop',
    about: 'stopped after 1 s of 200 ms handlers, then finished by a second process',
    messages: 200,
    workMs: () => 200,
    visibilitySeconds: 5,
    course: 'stop',
    sideBySide: 'contenders',
  },
  {
    ...base,
    name: 'down',
    about: 'the server drops every connection for 5 s, then is back',
    messages: 20,
    workMs: () => 0,
    course: 'down',
  },
  {
    ...base,
    name: 'idle',
    about: 'the queue is empty for 60 s',
    messages: 0,
    workMs: () => 0,
    course: 'idle',
    sideBySide: 'everything',
  },
];

/** For several pollers on one queue. */
export const SHARED: Scenario = {
  ...base,
  name: 'share',
  about: 'each message takes 10 ms',
  messages: 100_000,
  limitSeconds: 180,
  workMs: () => 10,
};

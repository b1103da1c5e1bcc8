export interface Scenario {
  readonly name: string;
  readonly about: string;
  readonly messages: number;
  /** Messages before the CPU time counts, so that hot code is compiled. */
  readonly warmUp: number;
  /** Handlers at once. A contender that works in batches uses its largest batch if that is smaller. */
  readonly concurrency: number;
  readonly visibilitySeconds: number;
  readonly workMs: (index: number) => number;
  /** Whether the first attempt at the message fails. */
  readonly fails?: (index: number) => boolean;
  /** Time limit for a contender that never finishes. */
  readonly limitSeconds: number;
  readonly course: 'finish' | 'stop' | 'down' | 'idle';
  /** What may run in parallel because it only waits. Default: contenders take turns. */
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
    about: 'every tenth message takes 500 ms, the others 20 ms',
    messages: 600,
    workMs: (index) => (index % 10 === 0 ? 500 : 20),
  },
  {
    ...base,
    name: 'throwing',
    about: 'every hundredth message fails once; 20 ms',
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
    about: 'the server drops every connection for 5 s, then accepts them again',
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

import type { Deployed } from './deployment.ts';

/** doc: compute units of Function Compute, and list prices; both change, so the current page counts. */
export const PRICES = {
  unitsPerInvocation: 0.0075,
  unitsPerCpuSecond: 1,
  unitsPerGbSecond: 0.15,
  usdPerUnit: 0.00002,
  usdPerFaceBodyCall: 0.0004,
  source:
    'list prices of 2024-08 for Function Compute and an assumed price for FaceBody: check the current ones',
} as const;

/** Seconds per image with three faces, measured on one vCPU with `npm run bench:deploy`; with fewer vCPUs it takes longer. */
const MEASURED_SECONDS = {
  facebody: { waiting: 1, working: 0.25 },
  local: { waiting: 0, working: 0.6 },
} as const;

/** Calls of FaceBody per image: faces are found, and then described one picture at a time. */
const FACEBODY_CALLS = { detect: 1, attributes: 1, search: 1 } as const;

const SECONDS_PER_MONTH = 30 * 24 * 3600;
/** Seconds of one look of the poller into an empty queue. */
const EMPTY_POLL_SECONDS = 0.3;

export interface CostLine {
  readonly what: string;
  /** Compute units; absent for what is billed per call. */
  readonly units?: number;
  readonly usd: number;
  readonly how: string;
}

export interface CostOptions {
  /** Per month. */
  readonly images: number;
  /** Per image. @default measured for the engine */
  readonly seconds?: number;
}

/** What the functions of a template cost per month. */
export function estimateCost(deployed: readonly Deployed[], { images, seconds }: CostOptions): CostLine[] {
  return deployed.flatMap(({ props }): CostLine[] => {
    const { functionName, cpu, memorySize, environmentVariables: env = {}, triggers = [] } = props;
    const size = { cpu, gb: memorySize / 1024 };
    if (env.SOURCE_PREFIX !== undefined) {
      const perImage = seconds ?? secondsPerImage(env.ENGINE === 'local' ? 'local' : 'facebody', cpu);
      const concurrency = props.instanceConcurrency ?? 1;
      const how = `${perImage.toFixed(1)} s per image, ${cpu} vCPU, ${size.gb} GB${concurrency > 1 ? `, ${concurrency} images at once` : ''}`;
      // Images that share an instance share its time.
      const units = invocationUnits(images, perImage / concurrency, size);
      return [
        computeLine(functionName, units, how),
        ...facebodyLines(env, images),
        ...readyLines(props, size),
      ];
    }
    const timer = triggers.find((it) => it.triggerType === 'timer');
    if (timer?.triggerType !== 'timer' || !timer.triggerConfig.enable) return [];
    const runs = SECONDS_PER_MONTH / 60;
    const units = invocationUnits(runs, EMPTY_POLL_SECONDS, size);
    return [
      computeLine(
        functionName,
        units,
        `${runs} runs of ${EMPTY_POLL_SECONDS} s, one per minute; more while it drains`,
      ),
    ];
  });
}

function secondsPerImage(engine: keyof typeof MEASURED_SECONDS, cpu: number): number {
  const { waiting, working } = MEASURED_SECONDS[engine];
  return waiting + working / Math.min(cpu, 1);
}

function invocationUnits(count: number, seconds: number, { cpu, gb }: { cpu: number; gb: number }): number {
  const { unitsPerInvocation, unitsPerCpuSecond, unitsPerGbSecond } = PRICES;
  return count * (unitsPerInvocation + seconds * (cpu * unitsPerCpuSecond + gb * unitsPerGbSecond));
}

function computeLine(what: string, units: number, how: string): CostLine {
  return { what, units, usd: units * PRICES.usdPerUnit, how };
}

function facebodyLines(env: Readonly<Record<string, string>>, images: number): CostLine[] {
  const calls =
    (env.ENGINE === 'local'
      ? 0
      : FACEBODY_CALLS.detect + (env.ATTRIBUTES === '' ? 0 : FACEBODY_CALLS.attributes)) +
    (env.GALLERY === 'facebody' ? FACEBODY_CALLS.search : 0);
  if (calls === 0) return [];
  return [
    { what: 'FaceBody', usd: images * calls * PRICES.usdPerFaceBodyCall, how: `${calls} calls per image` },
  ];
}

/** doc: an instance that is kept ready costs its memory, and no vCPU while it is idle. */
function readyLines({ functionName, scalingConfig }: Deployed['props'], { gb }: { gb: number }): CostLine[] {
  const ready = scalingConfig?.minInstances ?? 0;
  if (ready === 0) return [];
  const units = ready * gb * PRICES.unitsPerGbSecond * SECONDS_PER_MONTH;
  return [computeLine(`${functionName}, ready instances`, units, `${ready} × ${gb} GB all month`)];
}

import * as z from 'zod/mini';
import { FcRefusal } from '../errors.ts';
import { isEmpty, nameUpTo, readWith, textUpTo, whole } from './read.ts';

const hook = z.object({
  handler: z.optional(z.string()),
  command: z.optional(z.array(z.string())),
  timeout: z.optional(whole(1, 600)),
});

/** doc: the limits of Function Compute 3.0. */
const settings = z.object({
  description: z.optional(textUpTo(256)),
  runtime: z.string(),
  handler: z.optional(textUpTo(128)),
  cpu: z.optional(z.number().check(z.minimum(0.05), z.maximum(16), z.multipleOf(0.05))),
  memorySize: z.optional(z.int().check(z.minimum(128), z.maximum(32_768), z.multipleOf(64))),
  diskSize: z.optional(z.union([z.literal(512), z.literal(10_240)], 'should be 512 or 10240')),
  timeout: z.optional(whole(1, 86_400)),
  instanceConcurrency: z.optional(whole(1, 200)),
  role: z.optional(
    z
      .string()
      .check(z.regex(/^(acs:ram::\d+:role\/.+)?$/i, 'should be an ARN acs:ram::<account>:role/<name>')),
  ),
  environmentVariables: z.optional(z.record(z.string(), z.string())),
  instanceLifecycleConfig: z.optional(z.object({ initializer: z.optional(hook), preStop: z.optional(hook) })),
  customRuntimeConfig: z.optional(
    z.object({
      command: z.optional(z.array(z.string())),
      args: z.optional(z.array(z.string())),
      port: z.optional(whole(1, 65_535)),
      healthCheckConfig: z.optional(z.looseObject({})),
    }),
  ),
  logConfig: z.optional(
    z.object({
      project: z.string(),
      logstore: z.string(),
      enableRequestMetrics: z.optional(z.boolean()),
      enableInstanceMetrics: z.optional(z.boolean()),
      enableLlmMetrics: z.optional(z.boolean()),
      logBeginRule: z.optional(z.string()),
    }),
  ),
  tracingConfig: z.optional(
    z.object({ type: z.optional(z.string()), params: z.optional(z.record(z.string(), z.string())) }),
  ),
  internetAccess: z.optional(z.boolean()),
  instanceIsolationMode: z.optional(z.literal('SHARE')),
  sessionAffinity: z.optional(z.literal('NONE')),
});

export type FunctionSettings = z.infer<typeof settings>;

const KNOWN = new Set(Object.keys(settings.def.shape));
const CREATION = new Set(['functionName', 'code', 'tags', 'resourceGroupId']);

/** doc: bytes of all environment variables. */
const MAX_ENVIRONMENT_BYTES = 4096;
/** The runtimes that this machine can be: those of Node, and programs that bring their own. */
const RUNTIMES = /^(nodejs\d+|custom|custom\.debian1[0-2])$/;

/** The settings in a request that creates a function, or with `before` changes one. Throws `FcRefusal`. */
export function readFunctionSettings(body: unknown, before?: FunctionSettings): FunctionSettings {
  const given = readWith(z.record(z.string(), z.unknown()), body);
  for (const [name, value] of Object.entries(given)) {
    if (KNOWN.has(name) || CREATION.has(name) || isEmpty(value)) continue;
    throw new FcRefusal('NotImplemented', `the local cloud has no ${name}: leave it out`);
  }
  const present = Object.entries(given).filter(([name, value]) => KNOWN.has(name) && value !== null);
  // An empty configuration takes the present one away.
  const read = readWith(settings, { ...before, ...Object.fromEntries(present) });
  const { runtime, handler = '', cpu, memorySize = 512, environmentVariables = {} } = read;
  if (!RUNTIMES.test(runtime)) {
    throw new FcRefusal(
      'NotImplemented',
      `the local cloud does not run ${runtime}: choose nodejs20 or custom.debian12`,
    );
  }
  if (!runtime.startsWith('custom') && !/^[^.]+(\.[^.]+)+$/.test(handler)) {
    throw new FcRefusal('InvalidArgument', `handler: should be <file>.<export>, got '${handler}'`);
  }
  const perCpu = cpu === undefined ? 1 : memorySize / 1024 / cpu;
  // doc: 1 to 4 GB for each vCPU.
  if (perCpu < 1 - 1e-9 || perCpu > 4 + 1e-9) {
    throw new FcRefusal(
      'InvalidArgument',
      `memorySize ${memorySize} MB does not fit cpu ${cpu}: 1 to 4 GB for each vCPU`,
    );
  }
  const bytes = Object.entries(environmentVariables).reduce(
    (sum, [name, value]) => sum + Buffer.byteLength(name) + Buffer.byteLength(value),
    0,
  );
  if (bytes > MAX_ENVIRONMENT_BYTES) {
    throw new FcRefusal(
      'InvalidArgument',
      `environmentVariables: ${bytes} bytes, the limit is ${MAX_ENVIRONMENT_BYTES}`,
    );
  }
  return Object.fromEntries(
    Object.entries(read).filter(([, value]) => value !== undefined),
  ) as FunctionSettings;
}

const code = z.object({
  ossBucketName: z.optional(z.string()),
  ossObjectName: z.optional(z.string()),
  zipFile: z.optional(z.string()),
  checksum: z.optional(z.string()),
});

export type CodeInput = z.infer<typeof code>;

/** Where the code of a request is; `undefined` if it has none. */
export function readCodeInput(body: unknown): CodeInput | undefined {
  const { code: given } = readWith(z.looseObject({ code: z.optional(z.nullable(code)) }), body);
  if (isEmpty(given)) return undefined;
  if (given?.zipFile || (given?.ossBucketName && given.ossObjectName)) return given;
  throw new FcRefusal(
    'InvalidArgument',
    'code: either ossBucketName and ossObjectName, or zipFile must be set',
  );
}

export function readFunctionName(body: unknown): string {
  return readWith(z.looseObject({ functionName: nameUpTo(64) }), body).functionName;
}

const tags = z.array(z.object({ key: textUpTo(128), value: z.optional(textUpTo(128)) }));

export function readTags(body: unknown): Record<string, string> {
  const { tags: given } = readWith(z.looseObject({ tags: z.optional(z.nullable(tags)) }), body);
  return Object.fromEntries((given ?? []).map(({ key, value = '' }) => [key, value]));
}

import * as z from 'zod/mini';
import { FcRefusal } from '../errors.ts';
import { readWith, whole } from './read.ts';

const destination = z.optional(z.nullable(z.object({ destination: z.optional(z.string()) })));
const asyncInvoke = z.object({
  asyncTask: z.optional(z.boolean()),
  maxAsyncRetryAttempts: z.optional(whole(0, 8)),
  maxAsyncEventAgeInSeconds: z.optional(whole(1, 2_592_000)),
  destinationConfig: z.optional(z.nullable(z.object({ onSuccess: destination, onFailure: destination }))),
});

export type AsyncInvokeSettings = z.infer<typeof asyncInvoke>;

/** doc: what may receive the record of an asynchronous invocation; the local cloud has these of it. */
const DESTINATION = /^acs:(mns:[^:]*:\d*:\/(queues|topics)\/[^/]+\/messages|fc:[^:]*:\d*:functions\/[^/]+)$/;

export function readAsyncInvokeSettings(body: unknown): AsyncInvokeSettings {
  const read = readWith(asyncInvoke, body);
  for (const target of [read.destinationConfig?.onSuccess, read.destinationConfig?.onFailure]) {
    if (!target?.destination || DESTINATION.test(target.destination)) continue;
    throw new FcRefusal(
      'InvalidArgument',
      `destination ${target.destination}: should be acs:mns:<region>:<account>:/queues/<name>/messages, ` +
        '/topics/<name>/messages, or acs:fc:<region>:<account>:functions/<name>',
    );
  }
  return read;
}

/** Both kinds keep instances ready; policies that follow a schedule or a metric are kept without effect. */
const provision = z.looseObject({
  defaultTarget: z.optional(whole(0, 10_000)),
  target: z.optional(whole(0, 10_000)),
});
const scaling = z.looseObject({ minInstances: z.optional(whole(0, 10_000)) });

export type ProvisionSettings = z.infer<typeof provision>;
export type ScalingSettings = z.infer<typeof scaling>;

export const readProvisionSettings = (body: unknown): ProvisionSettings => readSteady(provision, body);
export const readScalingSettings = (body: unknown): ScalingSettings => readSteady(scaling, body);

const POLICIES = [
  'scheduledActions',
  'targetTrackingPolicies',
  'horizontalScalingPolicies',
  'scheduledPolicies',
];

function readSteady<S extends z.core.$ZodType>(schema: S, body: unknown): z.output<S> {
  const read = readWith(schema, body) as Record<string, unknown>;
  const policy = POLICIES.find((name) => Array.isArray(read[name]) && read[name].length > 0);
  if (policy) throw new FcRefusal('NotImplemented', `the local cloud has no ${policy}: leave them out`);
  return read as z.output<S>;
}

export function readReservedConcurrency(body: unknown): number {
  return readWith(z.object({ reservedConcurrency: whole(0, 10_000) }), body).reservedConcurrency;
}

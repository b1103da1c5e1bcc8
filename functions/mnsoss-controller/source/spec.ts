import * as z from 'zod/mini';
import { MAX_VISIBILITY_SECONDS } from '../../../shared/mns/limits.ts';
import { DESTINATION_RULES, EXTENSION_RULES, type Rule, SINK_RULES, SPEC_RULES } from './rules.ts';

const described = (description: string) => z.meta({ description });

/** A schema with rules that are CEL in the CRD and functions here, from the same table. */
function ruled<S extends z.ZodMiniType>(schema: S, description: string, rules: readonly Rule<never>[]): S {
  return schema.check(
    z.meta({
      description,
      'x-kubernetes-validations': rules.map(({ rule, message }) => ({ rule, message })),
    }),
    ...rules.map(({ holds, message }) =>
      z.refine((value: unknown) => holds(value as never), { error: message }),
    ),
  ) as S;
}

const text = (description: string, longest = 253) =>
  z.string().check(z.minLength(1), z.maxLength(longest), described(description));

const mnsName = (description: string) =>
  z.string().check(z.regex(/^[A-Za-z0-9][A-Za-z0-9-]{0,119}$/), described(description));

const count = (description: string, min: number, max: number) =>
  z.int().check(z.minimum(min), z.maximum(max), described(description));

/**
 * ISO 8601 without months and years, because their length varies. The API server's regular expressions have no lookahead, so
 * "at least one part" is spelled out.
 */
const DURATION =
  /^P(\d{1,4}D|(\d{1,4}D)?T(\d{1,6}H(\d{1,6}M)?(\d{1,6}(\.\d{1,3})?S)?|\d{1,6}M(\d{1,6}(\.\d{1,3})?S)?|\d{1,6}(\.\d{1,3})?S))$/;

const duration = (description: string) => z.string().check(z.regex(DURATION), described(description));

const reference = z
  .object({
    apiVersion: text('API version of the object, e.g. `eventing.knative.dev/v1`.'),
    kind: text('Kind of the object, e.g. `Broker` or `Service`.', 63),
    name: text('Name of the object.'),
    namespace: z.optional(text('Namespace of the object. Default: the namespace of the source.', 63)),
  })
  .check(described('A Kubernetes object that receives events.'));

const caCerts = z.optional(text('PEM of the certificate authorities of the sink.', 65_536));
const audience = z.optional(text('OIDC audience of the tokens for the sink.', 1024));
const uri = z.optional(text('Absolute http(s) URL. With ref, a path relative to its address.', 2048));

const sink = ruled(
  z.object({
    ref: z.optional(reference),
    uri,
    CACerts: caCerts,
    audience,
    apiVersion: z.optional(text('The older form: use ref.apiVersion.')),
    kind: z.optional(text('The older form: use ref.kind.', 63)),
    name: z.optional(text('The older form: use ref.name.')),
    namespace: z.optional(text('The older form: use ref.namespace.', 63)),
  }),
  'Destination of events: a Broker, a Service, a Channel, or a URL.',
  SINK_RULES,
);

const deadLetterSink = ruled(
  z.object({ ref: z.optional(reference), uri }),
  'Destination of messages that can never succeed. Default: a queue of MNS with the name of the queue and `-dead`.',
  DESTINATION_RULES,
);

const quantity = z.union([z.int(), z.string()]).check(
  z.meta({
    pattern: '^\\d+(\\.\\d+)?(m|[kMGTPE]i?|e\\d+)?$',
    'x-kubernetes-int-or-string': true,
  }),
);
const quantities = (description: string) =>
  z.optional(z.record(z.string(), quantity).check(described(description)));

/** The definition of a source's spec: the CRD's schema is generated from it, and the controller reads specs with it. */
export const specSchema = ruled(
  z.object({
    topic: z.optional(
      mnsName(
        'Topic of the event rule, `mns-en-topics-oss-…`. A subscription and a queue are created for it.',
      ),
    ),
    queue: z.optional(mnsName('Queue to read. Without a topic it must exist.')),
    accessToken: z
      .object({
        secretKeyRef: z
          .object({
            name: text('Name of the Secret, in the namespace of the source.'),
            key: text('Key of the entry with JSON `{url, accessKeyId, accessKeySecret}`.'),
          })
          .check(described('Entry of a Secret.')),
      })
      .check(described('Endpoint and access key of MNS.')),
    sink,
    serviceAccountName: z.optional(text('Service account of the pollers. It needs no permissions.')),
    ceOverrides: z.optional(
      z
        .object({
          extensions: z.optional(
            ruled(
              z.record(z.string(), z.string().check(z.maxLength(1024))).check(z.meta({ maxProperties: 32 })),
              'Extensions that are added to every event.',
              EXTENSION_RULES,
            ),
          ),
        })
        .check(described('Additions to every event.')),
    ),
    consumers: z._default(
      count(
        'Number of pollers, which share the queue. 0 stops them. The scale subresource sets it.',
        0,
        1000,
      ),
      1,
    ),
    concurrency: z.optional(count('Messages of one poller that are at the sink at the same time.', 1, 1000)),
    batch: z.optional(count('Messages that one poller receives ahead.', 0, 1000)),
    visibilityTimeout: z.optional(
      count(
        'Seconds for which a received message is hidden from others. Renewed while the message is in flight.',
        1,
        MAX_VISIBILITY_SECONDS,
      ),
    ),
    delivery: z.optional(
      z
        .object({
          retry: z.optional(count('Retries before a message becomes a dead letter.', 0, 999)),
          backoffPolicy: z
            .optional(z.enum(['linear', 'exponential']))
            .check(described('How the delay between retries grows. Default: exponential.')),
          backoffDelay: z.optional(duration('First delay, ISO 8601, e.g. `PT5S`.')),
          timeout: z.optional(duration('Timeout of one delivery to the sink, ISO 8601. Default: PT2M.')),
          deadLetterSink: z.optional(deadLetterSink),
        })
        .check(described('What happens to events that the sink does not accept.')),
    ),
    resources: z.optional(
      z
        .object({
          requests: quantities('Minimum for each poller.'),
          limits: quantities('Maximum for each poller.'),
        })
        .check(described('CPU and memory of a poller.')),
    ),
  }),
  'What to read, with which token, and where to send it.',
  SPEC_RULES,
);

export type SourceSpec = z.output<typeof specSchema>;
export type Reference = z.output<typeof reference>;
export type Sink = z.output<typeof sink>;

/** The spec with its defaults, or the faults of a spec that the API server accepted. */
export function readSpec(spec: unknown): { spec: SourceSpec } | { faults: string } {
  const parsed = specSchema.safeParse(spec ?? {});
  if (parsed.success) return { spec: parsed.data };
  const faults = parsed.error.issues.map(({ path, message }) => `spec.${path.join('.')}: ${message}`);
  return { faults: faults.join('; ') };
}

import * as z from 'zod/mini';

const described = (description: string) => z.meta({ description });
const text = (description: string) => z.string().check(described(description));

const condition = z.object({
  type: text('Name of the condition.'),
  status: z.enum(['True', 'False', 'Unknown']).check(described('Whether the condition holds.')),
  reason: z.optional(text('The reason, in one word.')),
  message: z.optional(text('One sentence for a person, with the fix.')),
  lastTransitionTime: z.optional(
    z.string().check(z.meta({ format: 'date-time', description: 'When the status changed.' })),
  ),
  severity: z.optional(text('Empty: False is an error.')),
});

export const statusSchema = z.object({
  observedGeneration: z.optional(
    z.int().check(described('Generation of the spec that this status describes.')),
  ),
  conditions: z.optional(
    z.array(condition).check(
      z.meta({
        description: 'Ready, and the conditions that it depends on.',
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-list-map-keys': ['type'],
      }),
    ),
  ),
  sinkUri: z.optional(text('Address to which events are posted.')),
  sinkCACerts: z.optional(text('PEM of the authorities of the sink.')),
  sinkAudience: z.optional(text('OIDC audience of the sink.')),
  auth: z.optional(
    z
      .object({
        serviceAccountName: z.optional(text('Service account whose tokens are sent.')),
        serviceAccountNames: z.optional(z.array(z.string())),
      })
      .check(described('OIDC identity of the source.')),
  ),
  ceAttributes: z.optional(
    z
      .array(z.object({ type: text('Type of the events.'), source: text('Source of the events.') }))
      .check(
        z.meta({ description: 'Types of the events that are sent.', 'x-kubernetes-list-type': 'atomic' }),
      ),
  ),
  topic: z.optional(text('Topic that is subscribed.')),
  queue: z.optional(text('Queue that is read.')),
  subscription: z.optional(text('Subscription that fills the queue.')),
  deadLetters: z.optional(text('Destination of messages that can never succeed.')),
  made: z.optional(
    z
      .object({
        queues: z.optional(z.array(z.string())),
        subscriptions: z.optional(z.array(z.object({ topic: z.string(), name: z.string() }))),
      })
      .check(described('Resources in MNS that were created for this source and are deleted with it.')),
  ),
  consumers: z.optional(z.int().check(described('Number of pollers.'))),
  selector: z.optional(text("Label selector of the pollers' pods.")),
});

export type SourceStatus = z.output<typeof statusSchema>;
export type Condition = z.output<typeof condition>;

import * as z from 'zod/mini';

const text = (description: string) => z.string().check(z.meta({ description }));

const condition = z.object({
  type: text('What is told about.'),
  status: z.enum(['True', 'False', 'Unknown']).check(z.meta({ description: 'Whether it holds.' })),
  reason: z.optional(text('One word for why.')),
  message: z.optional(text('A sentence for a person, with what to do.')),
  lastTransitionTime: z.optional(
    z.string().check(z.meta({ format: 'date-time', description: 'When status changed.' })),
  ),
  severity: z.optional(text('Empty: an error when False.')),
});

export const statusSchema = z.object({
  observedGeneration: z.optional(
    z.int().check(z.meta({ description: 'Of the spec that this tells about.' })),
  ),
  conditions: z.optional(
    z.array(condition).check(
      z.meta({
        description: 'Ready, and what it is made of.',
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-list-map-keys': ['type'],
      }),
    ),
  ),
  sinkUri: z.optional(text('Where events are posted.')),
  sinkCACerts: z.optional(text('PEM of the authorities of the sink.')),
  sinkAudience: z.optional(text('OIDC audience of the sink.')),
  auth: z.optional(
    z
      .object({
        serviceAccountName: z.optional(text('Account whose tokens are sent.')),
        serviceAccountNames: z.optional(z.array(z.string())),
      })
      .check(z.meta({ description: 'OIDC identity of the source.' })),
  ),
  ceAttributes: z.optional(
    z
      .array(z.object({ type: text('Of events.'), source: text('Of events.') }))
      .check(z.meta({ description: 'What events are sent.', 'x-kubernetes-list-type': 'atomic' })),
  ),
  topic: z.optional(text('The topic that is subscribed.')),
  queue: z.optional(text('The queue that is read.')),
  subscription: z.optional(text('The subscription that fills the queue.')),
  deadLetters: z.optional(text('Where messages go that can never succeed.')),
  made: z.optional(
    z
      .object({
        queues: z.optional(z.array(z.string())),
        subscriptions: z.optional(z.array(z.object({ topic: z.string(), name: z.string() }))),
      })
      .check(z.meta({ description: 'What was made in MNS for this source, and goes with it.' })),
  ),
  consumers: z.optional(z.int().check(z.meta({ description: 'Pollers that run.' }))),
  selector: z.optional(text("Of the pollers' pods.")),
});

export type SourceStatus = z.output<typeof statusSchema>;
export type Condition = z.output<typeof condition>;

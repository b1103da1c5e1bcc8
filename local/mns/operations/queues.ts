import type { XmlFields } from '../../../shared/runtime/xml.ts';
import type { Queues } from '../queues.ts';
import { DEFAULT_QUEUE_SETTINGS, readQueueSettings } from '../settings.ts';
import type { Ledger } from '../store/ledger.ts';
import type { Queue } from '../store/state.ts';
import { createdAnswer, type MnsAnswer, type MnsRequest, xmlAnswer } from '../wire.ts';
import { page, wantsMeta } from './pages.ts';

export function queueOperations(queues: Queues, ledger: Ledger) {
  return {
    async createQueue({ params, body, origin }: MnsRequest): Promise<MnsAnswer> {
      const outcome = await queues.create(params.queue, readQueueSettings(body, DEFAULT_QUEUE_SETTINGS));
      return createdAnswer(outcome, `${origin}/queues/${params.queue}`);
    },

    async setQueueAttributes({ params, body }: MnsRequest): Promise<MnsAnswer> {
      const { settings } = queues.get(params.queue);
      await queues.configure(params.queue, readQueueSettings(body, settings));
      return { status: 204 };
    },

    async getQueueAttributes({ params }: MnsRequest): Promise<MnsAnswer> {
      return xmlAnswer(200, 'Queue', queueFields(queues.get(params.queue)));
    },

    /** guess: deleting a queue that does not exist succeeds. */
    async deleteQueue({ params }: MnsRequest): Promise<MnsAnswer> {
      await queues.remove(params.queue);
      return { status: 204 };
    },

    /** sdk: the Node SDK's live test finds entries by name, others read the URL; both are returned. */
    async listQueue(request: MnsRequest): Promise<MnsAnswer> {
      const { items, nextMarker } = page(ledger.state.queues.values(), request);
      const entries = items.map(({ name }) => ({
        QueueURL: `${request.origin}/queues/${name}`,
        ...(wantsMeta(request) ? queueFields(queues.get(name)) : { QueueName: name }),
      }));
      return xmlAnswer(200, 'Queues', { Queue: entries, NextMarker: nextMarker });
    },
  };
}

function queueFields({ name, settings, createTime, lastModifyTime, messages }: Queue): XmlFields {
  const counts = messages.counts();
  return {
    QueueName: name,
    CreateTime: Math.floor(createTime / 1000),
    LastModifyTime: Math.floor(lastModifyTime / 1000),
    DelaySeconds: settings.delaySeconds,
    MaximumMessageSize: settings.maximumMessageSize,
    MessageRetentionPeriod: settings.messageRetentionPeriod,
    VisibilityTimeout: settings.visibilityTimeout,
    PollingWaitSeconds: settings.pollingWaitSeconds,
    ActiveMessages: counts.active,
    InactiveMessages: counts.inactive,
    DelayMessages: counts.delayed,
    LoggingEnabled: settings.loggingEnabled ? 'True' : 'False',
    DlqPolicy: settings.deadLetter && {
      Enabled: 'True',
      DeadLetterTargetQueue: settings.deadLetter.targetQueue,
      MaxReceiveCount: settings.deadLetter.maxReceiveCount,
    },
  };
}

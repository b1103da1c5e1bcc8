import { SQSClient } from '@aws-sdk/client-sqs';
import { Consumer } from 'sqs-consumer';

/** It finishes a batch before the next one. Its batch handler is needed for one delete per batch. */
export function start({ url, concurrency, visibilitySeconds, handle }) {
  const credentials = { accessKeyId: 'id', secretAccessKey: 'secret' };
  const consumer = Consumer.create({
    queueUrl: `${url}/queue`,
    sqs: new SQSClient({ endpoint: url, region: 'us-east-1', credentials }),
    batchSize: Math.min(10, concurrency),
    waitTimeSeconds: 20,
    visibilityTimeout: visibilitySeconds,
    heartbeatInterval: Math.max(1, Math.floor(visibilitySeconds / 2)),
    pollingCompleteWaitTimeMs: 20_000,
    handleMessageBatch: async (messages) => {
      const results = await Promise.allSettled(messages.map((message) => handle(message.Body)));
      return messages.filter((_, index) => results[index].status === 'fulfilled');
    },
  });
  consumer.on('error', () => {});
  consumer.on('processing_error', () => {});
  consumer.start();
  return {
    stop: () =>
      new Promise((resolve) => {
        consumer.on('stopped', resolve);
        consumer.stop();
      }),
  };
}

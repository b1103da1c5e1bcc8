import squiss from 'squiss-ts';

export function start({ url, concurrency, visibilitySeconds, handle }) {
  const credentials = { accessKeyId: 'id', secretAccessKey: 'secret' };
  const poller = new squiss.Squiss({
    queueUrl: `${url}/queue`,
    correctQueueUrl: false,
    awsConfig: { endpoint: url, region: 'us-east-1', credentials },
    maxInFlight: concurrency,
    receiveBatchSize: Math.min(10, concurrency),
    receiveWaitTimeSecs: 20,
    deleteWaitMs: 1000,
    visibilityTimeoutSecs: visibilitySeconds,
    autoExtendTimeout: true,
    bodyFormat: 'plain',
  });
  poller.on('error', () => {});
  poller.on('message', (message) => {
    handle(message.body).then(
      () => message.del(),
      () => message.keep(),
    );
  });
  poller.start();
  return { stop: () => poller.stop(false, 20_000) };
}

import { writeXml } from '../../../shared/runtime/xml.ts';

/** How a trigger wraps a text, by the name of the envelope that opens it again. */
export const WRAPPINGS: Readonly<Record<string, (text: string) => string>> = {
  base64: (text) => Buffer.from(text).toString('base64'),
  'json-string': (text) => JSON.stringify(text),
  'cloudevents-batch': (text) => JSON.stringify([text]),
  'mns-queue-event': (text) =>
    JSON.stringify({ specversion: '1.0', type: 'mns:Queue:SendMessage', data: { messageBody: text } }),
  cloudevent: (text) =>
    JSON.stringify({ specversion: '1.0', id: '1', type: 'any', source: 'any', data: text }),
  'mns-topic-json': (text) => JSON.stringify({ TopicName: 'uploads', MessageId: '1', Message: text }),
  'mns-topic-xml': (text) => writeXml('Notification', { TopicName: 'uploads', Message: text }),
  'mns-topic-stream': (text) => JSON.stringify({ body: text, attrs: {} }),
  'http-v1': (text) =>
    JSON.stringify({ version: 'v1', requestContext: {}, headers: {}, body: text, isBase64Encoded: false }),
  'async-destination': (text) =>
    JSON.stringify({ requestContext: { functionArn: 'acs:fc:::functions/faces' }, requestPayload: text }),
};

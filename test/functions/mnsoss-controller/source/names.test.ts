import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  bindingName,
  deadLetterQueueName,
  deploymentName,
  podLabels,
  queueName,
  subscriptionName,
} from '../../../../functions/mnsoss-controller/source/names.ts';

const LABEL = /^[a-z0-9]([-a-z0-9.]{0,61}[a-z0-9])?$/;
const MNS = /^[A-Za-z0-9][A-Za-z0-9-]{0,119}$/;

const objectName = fc.stringMatching(/^[a-z0-9]([-a-z0-9]{0,30}\.){0,6}[a-z0-9]([-a-z0-9]{0,20}[a-z0-9])?$/);
const mnsName = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9-]{0,119}$/);

describe('names', () => {
  test('names are allowed by Kubernetes, however long the name of the source is', () => {
    fc.assert(
      fc.property(objectName, (name) => {
        const key = { namespace: 'default', name };
        for (const made of [deploymentName(key), bindingName(key), ...Object.values(podLabels(key))]) {
          expect(made).toMatch(LABEL);
        }
      }),
    );
  });

  test('names are allowed by MNS, however long the name of the topic is', () => {
    fc.assert(
      fc.property(fc.uuid(), mnsName, (uid, topic) => {
        const queue = queueName(uid, topic);
        for (const made of [
          queue,
          subscriptionName(uid, topic),
          deadLetterQueueName(queue),
          deadLetterQueueName(topic),
        ]) {
          expect(made).toMatch(MNS);
        }
        expect(deadLetterQueueName(queue)).not.toBe(queue);
      }),
    );
  });

  test('names of two sources differ', () => {
    const long = 'a'.repeat(100);

    expect(deploymentName({ namespace: 'n', name: `${long}b` })).not.toBe(
      deploymentName({ namespace: 'n', name: `${long}c` }),
    );
    expect(queueName('uid-1', 'topic')).not.toBe(queueName('uid-2', 'topic'));
  });
});

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { at } from '../../support/kubernetes/api/types.ts';
import { sampleBytes } from '../../support/photos.ts';
import {
  eventually,
  HAS_FAULTS,
  install,
  SAMPLE_TOPIC,
  type Stage,
  secret,
  startStage,
  walkthrough,
} from './stage.ts';

let stage: Stage;

beforeAll(async () => {
  stage = await startStage();
});

afterAll(() => stage?.stop());

/** Each step continues from the state of the steps before it. */
describe('walk-through', () => {
  test('step 1 of the walk-through installs the controller', async () => {
    await install(stage);

    expect(await stage.kubectl('get deployment mnsoss-controller -n mnsoss-system')).toMatch(/ 2\/2 /);
  });

  test('step 3 of the walk-through creates the Secret with the token', async () => {
    expect(await stage.kubectl('apply -f -', await secret(stage.token))).toBe(
      'secret/mnsoss-secret created\n',
    );
  });

  test('step 4 of the walk-through creates the service account and the label, and its role exists', async () => {
    const made = await stage.kubectl('apply -f test/knative/walkthrough/mnsoss-sa.yaml');
    const labelled = await stage.kubectl('label namespace default knative-eventing-injection=enabled');

    expect(made).toContain('serviceaccount/mnsoss-sa created');
    expect(labelled).toBe('namespace/default labeled\n');
    expect(await stage.kubectl('get clusterrole eventing-sources-mnsoss-controller -o name')).not.toBe('');
  });

  test('step 5 of the walk-through accepts the source of 2019 and reports its missing Broker', async () => {
    const source = await walkthrough('mnsoss-source.yaml', { [SAMPLE_TOPIC]: stage.topic });

    expect(await stage.kubectl('apply -f -', source)).toBe(
      'mnsosssource.sources.eventing.knative.dev/mnsoss-face created\n',
    );
    await stage.condition('SinkProvided', { status: 'False', reason: 'SinkNotFound' });
    await eventually(async () =>
      expect(await stage.kubectl('get events')).toMatch(/Warning .*eventing.knative.dev\/v1alpha1/),
    );
  });

  test('step 4 in its present form creates the Broker, and the source becomes ready', async () => {
    await stage.kubectl('apply -f knative/walkthrough/304-service-account-and-broker.yaml');

    await stage.kubectl('wait --for=condition=Ready mnsosssource/mnsoss-face --timeout=60s');
    const [head, row] = (await stage.kubectl('get mnsosssources')).trim().split('\n');

    expect(head).toMatch(/^NAME +SINK +READY +REASON +AGE$/);
    expect(row).toMatch(/^mnsoss-face +http:\/\/\S+\/default\/default +True +\d+s$/);
    expect(await stage.kubectl('get sources -o name')).toContain('mnsoss-face');
    expect(await stage.subscriptions()).toHaveLength(1);
  });

  test('steps 6 and 7 reject versions that Knative no longer serves and accept their successors', async () => {
    for (const file of ['service.yaml', 'trigger.yaml']) {
      const old = await stage.cluster.kubectl(['apply', '-f', `test/knative/walkthrough/${file}`]);
      expect(old.stderr).toMatch(
        /no matches for kind "(Service|Trigger)" in version "\w+.knative.dev\/v1alpha1"/,
      );
    }
    await stage.kubectl(
      'apply -f knative/walkthrough/306-event-display.yaml -f knative/walkthrough/307-trigger.yaml',
    );

    await stage.kubectl('wait --for=condition=Ready ksvc/event-display trigger/oss-trigger --timeout=60s');
  });

  test('the event of an upload is printed as in the walk-through', async () => {
    const { photos, cloud } = stage;
    await photos.put('incoming/timg.jpg', sampleBytes(1), { contentType: 'image/jpeg' });

    const log = await eventually(async () => {
      const said = await stage.logs('event-display');
      expect(said).toContain('"key": "incoming/timg.jpg"');
      return said.slice(said.search(/^\S+ \S+ receive /m));
    });

    const { size, etag } = (await photos.head('incoming/timg.jpg'))!;
    expect(log).toMatch(/^\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d receive cloudevents.Event:\n/);
    expect(withoutVariable(log)).toBe(shown({ region: cloud.region, account: cloud.accountId, size, etag }));
  });

  test('kubectl scales the pollers through the source', async () => {
    await stage.kubectl('scale mnsosssource/mnsoss-face --replicas=2');

    await eventually(async () =>
      expect(await stage.kubectl('get deployment mnsoss-face-mnsoss-poller')).toMatch(/ 2\/2 /),
    );
    await eventually(async () => expect(at(await stage.source(), 'status', 'consumers')).toBe(2));
    await stage.kubectl('scale mnsosssource/mnsoss-face --replicas=1');
    await eventually(async () =>
      expect(await stage.kubectl('get deployment mnsoss-face-mnsoss-poller')).toMatch(/ 1\/1 /),
    );
  });

  test('deleting the source cleans up in Kubernetes and in MNS', async () => {
    const queue = await stage.kubectl('get mnsosssource mnsoss-face -o jsonpath={.status.queue}');

    await stage.kubectl('delete mnsosssource mnsoss-face --timeout=60s');

    await eventually(async () =>
      expect(await stage.kubectl('get deployments,sinkbindings -o name')).not.toContain('mnsoss-face'),
    );
    expect(await stage.subscriptions()).toEqual([]);
    await expect(stage.mns.queue(queue).attributes()).rejects.toThrow('QueueNotExist');
  });

  test.runIf(HAS_FAULTS)(
    'no request of the controller was forbidden, and it used all its permissions for Secrets',
    () => {
      const { access } = stage.cluster.api!;

      expect(access.refused).toEqual([]);
      expect(access.unused({ name: 'mnsoss-token-reader' })).toEqual([]);
      expect(access.unused({ name: 'mnsoss-poller-writer' })).toEqual([]);
    },
  );
});

/** Replaces what differs from run to run: times and request ids. */
function withoutVariable(text: string): string {
  return text
    .replace(/^\S+ \S+ receive/, 'TIME receive')
    .replace(/("eventTime": )"[^"]+"/, '$1"TIME"')
    .replace(/("ruleId": )"[^"]+"/, '$1"RULE"')
    .replace(/("requestId": )"[^"]+"/, '$1"REQUEST"');
}

const shown = ({
  region,
  account,
  size,
  etag,
}: {
  region: string;
  account: string;
  size: number;
  etag: string;
}) =>
  `TIME receive cloudevents.Event:
{"events": [{
            "eventName": "ObjectCreated:PutObject",
            "eventSource": "acs:oss",
            "eventTime": "TIME",
            "eventVersion": "1.0",
            "oss": {
                "bucket": {
                    "arn": "acs:oss:${region}:${account}:photos",
                    "name": "photos",
                    "ownerIdentity": "${account}",
                    "virtualBucket": ""},
                "object": {
                    "deltaSize": ${size},
                    "eTag": "${etag}",
                    "key": "incoming/timg.jpg",
                    "size": ${size}},
                "ossSchemaVersion": "1.0",
                "ruleId": "RULE"},
            "region": "${region}",
            "requestParameters": {"sourceIPAddress": "127.0.0.1"},
            "responseElements": {"requestId": "REQUEST"},
            "userIdentity": {"principalId": "${account}"}}]}
`;

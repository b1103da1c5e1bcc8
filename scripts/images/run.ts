// Runs an unpacked image as a cluster would – its user, a read-only root, an empty /tmp, node as process 1 – and fails if
// the program misbehaves. Started by test.sh: tsx run.ts <target> <bundle>
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startLocalCloud } from '../../local/cloud.ts';
import { notificationOf } from '../../local/events/notification.ts';
import { createOssClient } from '../../shared/oss/client.ts';
import { staticCredentials } from '../../shared/runtime/credentials.ts';

interface Target {
  readonly env: Readonly<Record<string, string>>;
  /** What it must do besides answering probes and ending cleanly. */
  check?(url: string): Promise<void>;
}

const [name = '', bundle = ''] = process.argv.slice(2);
const { process: entry } = JSON.parse(readFileSync(join(bundle, 'config.json'), 'utf8'));
const root = join(bundle, 'rootfs');
const port = 20_000 + (process.pid % 10_000);
const url = `http://127.0.0.1:${port}`;
const cloud = await startLocalCloud();
const keys = {
  ALIBABA_CLOUD_ACCESS_KEY_ID: cloud.credentials.accessKeyId,
  ALIBABA_CLOUD_ACCESS_KEY_SECRET: cloud.credentials.accessKeySecret,
};

const TARGETS: Readonly<Record<string, Target>> = {
  'face-recognition': {
    env: { ...keys, REGION: cloud.region, OSS_ENDPOINT: cloud.oss.url, SOURCE_BUCKETS: 'photos' },
    async check() {
      await answers('/readyz', 200);
      const answer = await post(await uploadPhoto());
      assert.equal(answer.status, 200, 'a photo is processed');
      assert.equal(JSON.parse(await answer.text()).faces, 3, 'its three faces are found');
    },
  },
  'event-display': {
    env: {},
    async check() {
      const event = { specversion: '1.0', id: '1', source: 'a', type: 'b', data: { hello: 'world' } };
      const answer = await post(JSON.stringify(event));
      assert.equal(answer.status, 204);
      assert.match(output, /receive cloudevents\.Event:\n\{"hello": "world"\}\n/);
    },
  },
  'mns-poller': {
    env: {
      ...keys,
      MNS_ENDPOINT: cloud.mns.url,
      MNS_QUEUE: 'uploads',
      K_SINK: url,
      DEAD_LETTERS: 'mns:dead',
    },
    check: () => answers('/readyz', 200),
  },
  // There is no API server: the program stays alive and keeps trying.
  'mnsoss-controller': { env: { POLLER_IMAGE: 'mns-poller:0' } },
};
const target = TARGETS[name];
assert(target, `there are no settings for ${name}`);
assert.equal(entry.user.uid, 1000, 'the image runs as user 1000');
assert.equal(entry.args[0], 'node', 'node is the first process');
await cloud.mns.ensureQueue('uploads');

const size = execFileSync('du', ['-sm', join(root, 'app')], { encoding: 'utf8' }).split('\t')[0];
const setUp = `
mount --make-rprivate / && mount --rbind "$1" "$1" && mount -o remount,bind,ro "$1"
mount -t tmpfs tmpfs "$1/tmp" && mount -t proc proc "$1/proc" && cd "$1"
exec chroot --userspec=1000:1000 "$1" /bin/sh -c 'cd "$0" && ! touch probe 2>/dev/null && touch /tmp/probe && exec "$@"' "${entry.cwd}" "\${@:2}"
`;
const image = Object.fromEntries((entry.env as string[]).map((line) => line.split(/=(.*)/s).slice(0, 2)));
const child = spawn(
  'unshare',
  ['--mount', '--pid', '--fork', '--kill-child', 'bash', '-ec', setUp, 'bash', root, ...entry.args],
  { env: { ...image, ...target.env, PORT: String(port) }, stdio: ['ignore', 'pipe', 'pipe'] },
);
let output = '';
for (const stream of [child.stdout, child.stderr]) {
  stream.setEncoding('utf8').on('data', (text) => {
    output += text;
  });
}
const ended = once(child, 'exit').then(([code, signal]) => signal ?? code);

try {
  await answers('/livez', 200);
  await target.check?.(url);
  const first = execFileSync('pgrep', ['-P', String(child.pid)], { encoding: 'utf8' }).trim();
  const status = readFileSync(`/proc/${first}/status`, 'utf8');
  assert.match(status, /^Name:\tnode$/m, 'no shell stands before node');
  assert.match(status, /^NSpid:\t\d+\t1$/m, 'node is process 1 of its namespace');
  assert.match(status, /^Uid:\t1000\t/m, 'the process runs as user 1000');
  process.kill(Number(first), 'SIGTERM');
  const late = sleep(30_000, 'still running after 30 s', { ref: false });
  assert.equal(await Promise.race([ended, late]), 0, 'it ends by itself after SIGTERM');
  console.log(`      ${name}: user 1000, read-only root, process 1, SIGTERM; /app has ${size} MB`);
} catch (error) {
  console.error(output);
  throw error;
} finally {
  child.kill('SIGKILL');
  await cloud.close();
}

async function answers(path: string, status: number): Promise<void> {
  for (let tries = 0; ; tries++) {
    const response = await fetch(url + path).catch(() => undefined);
    if (response?.status === status) return;
    if (child.exitCode !== null || tries > 300)
      throw new Error(`${path}: ${response?.status ?? 'no answer'}`);
    await sleep(100);
  }
}

function post(body: string): Promise<Response> {
  return fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
}

/** Uploads a photo and returns the notification that OSS sends for it. */
async function uploadPhoto(): Promise<string> {
  const key = 'incoming/team.jpg';
  const photo = readFileSync('node_modules/@vladmandic/face-api/demo/sample1.jpg');
  const oss = createOssClient({
    endpoint: cloud.oss.url,
    region: cloud.region,
    credentials: staticCredentials(cloud.credentials),
  });
  await oss.createBucket('photos');
  let notification = '';
  cloud.onObjectChange((change) => {
    notification = notificationOf(change, 'uploads', cloud.region);
  });
  await oss.bucket('photos').put(key, photo);
  oss.close();
  return notification;
}

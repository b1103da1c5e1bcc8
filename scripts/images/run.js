// Runs an unpacked image as a cluster would – its user, a read-only root, an empty /tmp, node as process 1 – and fails
// when a program does not behave. Started by test.sh: node run.js <target> <bundle>
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const [target, bundle] = process.argv.slice(2);
const { process: entry } = JSON.parse(readFileSync(join(bundle, 'config.json'), 'utf8'));
const root = join(bundle, 'rootfs');
const port = 20_000 + (process.pid % 10_000);

const settings = {
  'face-recognition': { REGION: 'cn-hangzhou' },
  'event-display': {},
  'mns-poller': {
    MNS_TOKEN: Buffer.from(
      JSON.stringify({ url: 'http://127.0.0.1:1/', accessKeyId: 'nobody', accessKeySecret: 'none' }),
    ).toString('base64'),
    MNS_QUEUE: 'uploads',
    K_SINK: 'http://127.0.0.1:1/',
    DEAD_LETTERS: 'mns:dead',
  },
  // No API server answers: the program lives, and goes on asking.
  'mnsoss-controller': { POLLER_IMAGE: 'mns-poller:0' },
}[target];
assert(settings, `no settings for ${target}`);

const size = execFileSync('du', ['-sm', join(root, 'app')], { encoding: 'utf8' }).split('\t')[0];
assert.equal(entry.user.uid, 1000, 'the image runs as user 1000');
assert.deepEqual(entry.args.slice(0, 1), ['node'], 'node is the first process');

const script = `
mount --make-rprivate / && mount --rbind "$1" "$1" && mount -o remount,bind,ro "$1"
mount -t tmpfs tmpfs "$1/tmp" && mount -t proc proc "$1/proc" && cd "$1"
exec chroot --userspec=1000:1000 "$1" /bin/sh -c 'cd "$0" && ! touch probe 2>/dev/null && touch /tmp/probe && exec "$@"' "${entry.cwd}" "\${@:2}"
`;
const child = spawn(
  'unshare',
  ['--mount', '--pid', '--fork', '--kill-child', 'bash', '-ec', script, 'bash', root, ...entry.args],
  {
    env: {
      ...Object.fromEntries(entry.env.map((line) => line.split(/=(.*)/s))),
      ...settings,
      PORT: String(port),
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  },
);
let output = '';
for (const stream of [child.stdout, child.stderr])
  stream.setEncoding('utf8').on('data', (text) => (output += text));
const ended = once(child, 'exit').then(([code, signal]) => signal ?? code);

try {
  await answers('/livez', 200);
  if (target === 'face-recognition') await answers('/readyz', 200);
  if (target === 'event-display') await showsAnEvent();
  const first = execFileSync('pgrep', ['-P', String(child.pid)], { encoding: 'utf8' }).trim();
  const status = readFileSync(`/proc/${first}/status`, 'utf8');
  assert.match(status, /^Name:\tnode$/m, 'no shell stands before node');
  assert.match(status, /^NSpid:\t\d+\t1$/m, 'node is process 1 of its namespace');
  assert.match(status, /^Uid:\t1000\t/m);
  process.kill(Number(first), 'SIGTERM');
  assert.equal(await within(30_000, ended), 0, `it ends by itself after SIGTERM:\n${output}`);
  console.log(`      ${target}: user 1000, read-only root, process 1, SIGTERM; /app has ${size} MB`);
} catch (error) {
  console.error(output);
  throw error;
} finally {
  child.kill('SIGKILL');
}

async function answers(path, status) {
  for (let tries = 0; ; tries++) {
    const response = await fetch(`http://127.0.0.1:${port}${path}`).catch(() => undefined);
    if (response?.status === status) return;
    if (child.exitCode !== null || tries > 300)
      throw new Error(`${path}: ${response?.status ?? 'no answer'}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

async function showsAnEvent() {
  const headers = {
    'ce-specversion': '1.0',
    'ce-id': '1',
    'ce-source': 'a',
    'ce-type': 'b',
    'content-type': 'application/json',
  };
  const response = await fetch(`http://127.0.0.1:${port}/`, {
    method: 'POST',
    headers,
    body: '{"hello":"world"}',
  });
  assert.equal(response.status, 204);
  assert.match(output, /receive cloudevents\.Event:\n\{"hello": "world"\}\n/);
}

function within(ms, promise) {
  return Promise.race([
    promise,
    new Promise((_, reject) =>
      setTimeout(() => reject(new Error(`still running after ${ms} ms`)), ms).unref(),
    ),
  ]);
}

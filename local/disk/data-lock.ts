import { createHash, randomBytes } from 'node:crypto';
import * as fs from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { AppError } from '../../shared/runtime/errors.ts';
import { createDurableFiles, FILE_MODE } from './durable-files.ts';

export interface LockOptions {
  /** Called once if another process got the folder because somebody deleted the lock of this one. */
  readonly onLost: (error: unknown) => void;
  /** How often this process looks whether its lock is still there, in milliseconds. @default 250 */
  readonly checkEveryMs?: number;
}

/** How long a process that wants the folder waits for another one that wants it too. */
const MAX_WAIT_MS = 5000;
const RETRY_MS = 20;
/** A process that is stopped accepts connections and says nothing. */
const ANSWER_MS = 1000;
/** `lock-<8 hexadecimal digits>`: the socket of a process that uses the folder or wants it. */
const LOCK_NAME = /^lock-[0-9a-f]{8}$/;
/** Longer paths of sockets are refused by some systems. */
const MAX_SOCKET_PATH_BYTES = 100;

/**
 * Claims a data folder for this process, and returns what releases it. The lock is a socket in the folder: it ends with
 * its process, however that ends, and other containers and users of the machine find it.
 *
 * Each process has a socket of its own and looks for the others after its own is there, so of two that start at the same
 * time at least one finds the other. If neither has the folder yet, the one with the lesser name gets it.
 *
 * Throws `ConfigInvalid` if another process has the folder.
 */
export async function lockDataDir(dataDir: string, options: LockOptions): Promise<() => Promise<void>> {
  const { onLost, checkEveryMs = 250 } = options;
  await createDurableFiles(true).makeFolder(path.resolve(dataDir));
  const folder = await fs.realpath(dataDir);
  if (process.platform === 'win32') return lockPipe(folder);
  let own = await claim(folder);
  let isOver = false;
  const check = async () => {
    if (isOver || (await locksIn(folder)).includes(own.name)) return;
    const removed = own;
    try {
      own = await claim(folder);
    } catch (error) {
      isOver = true;
      onLost(error);
    }
    await removed.close();
  };
  let checking = Promise.resolve();
  const timer = setInterval(() => {
    checking = checking.then(check).catch(() => undefined);
  }, checkEveryMs);
  timer.unref();
  return async () => {
    clearInterval(timer);
    isOver = true;
    await checking;
    await own.close();
  };
}

type State = 'wants' | 'uses';

interface OwnSocket {
  readonly name: string;
  /** Told to each process that connects. */
  state: State;
  close(): Promise<void>;
}

async function claim(folder: string): Promise<OwnSocket> {
  const own = await createSocket(folder);
  try {
    const end = performance.now() + MAX_WAIT_MS;
    for (;;) {
      const others = await othersOf(own, folder);
      if (others.length === 0) break;
      const isLost = others.some(({ name, state }) => state === 'uses' || name < own.name);
      if (isLost || performance.now() > end) throw inUse(folder);
      await sleep(RETRY_MS);
    }
    own.state = 'uses';
    return own;
  } catch (error) {
    await own.close();
    throw error;
  }
}

function inUse(folder: string): AppError {
  return new AppError(
    'ConfigInvalid',
    `${folder} is in use by another process: stop it, or choose --data-dir`,
  );
}

async function locksIn(folder: string): Promise<string[]> {
  return (await fs.readdir(folder)).filter((name) => LOCK_NAME.test(name));
}

/** The other processes that live. Locks of ended ones are removed: their names are not used again. */
async function othersOf(own: OwnSocket, folder: string): Promise<{ name: string; state: State }[]> {
  const others: { name: string; state: State }[] = [];
  for (const name of await locksIn(folder)) {
    if (name === own.name) continue;
    const state = await askState(folder, name);
    if (state) others.push({ name, state });
    else await fs.rm(path.join(folder, name), { force: true });
  }
  return others;
}

/** The socket gets its name when it listens: if nobody answers at that name, its process has ended. */
async function createSocket(folder: string): Promise<OwnSocket> {
  const id = randomBytes(4).toString('hex');
  const name = `lock-${id}`;
  const own = { name, state: 'wants' as State, close };
  const server = createServer((socket) => socket.on('error', () => {}).end(own.state));
  server.unref();
  async function close() {
    await fs.rm(path.join(folder, name), { force: true });
    await new Promise((resolve) => server.close(resolve));
  }
  await withShortPath(folder, async (short) => {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(path.join(short, `new-${id}`), resolve);
    }).catch((cause) => {
      const message = `cannot create a socket in ${folder}: choose --data-dir on a local disk`;
      throw new AppError('ConfigInvalid', message, { cause });
    });
  });
  await fs.chmod(path.join(folder, `new-${id}`), FILE_MODE);
  await fs.rename(path.join(folder, `new-${id}`), path.join(folder, name));
  return own;
}

/** `undefined` if its process has ended. */
async function askState(folder: string, name: string): Promise<State | undefined> {
  return withShortPath(
    folder,
    (short) =>
      new Promise((resolve) => {
        let answer = '';
        const socket = connect(path.join(short, name));
        socket.setTimeout(ANSWER_MS, () => socket.destroy());
        socket.setEncoding('latin1').on('data', (text) => {
          answer += text;
        });
        socket.on('error', ({ code }: NodeJS.ErrnoException) => {
          if (code === 'ECONNREFUSED' || code === 'ENOENT') resolve(undefined);
        });
        // Any other error, such as a refusal of access, and silence come from a process that lives.
        socket.on('close', () => resolve(answer === 'wants' ? 'wants' : 'uses'));
      }),
  );
}

/** Passes a path of the folder that is short enough for a socket. */
async function withShortPath<T>(folder: string, run: (short: string) => Promise<T>): Promise<T> {
  const longest = Buffer.byteLength(path.join(folder, 'lock-01234567'));
  if (longest <= MAX_SOCKET_PATH_BYTES) return run(folder);
  const temporary = await fs.mkdtemp(path.join(tmpdir(), 'mnsoss-'));
  try {
    const link = path.join(temporary, 'd');
    await fs.symlink(folder, link);
    return await run(link);
  } finally {
    await fs.rm(temporary, { recursive: true });
  }
}

/** Windows has named pipes instead of sockets in folders. They end with their process too, and nobody can delete them. */
async function lockPipe(folder: string): Promise<() => Promise<void>> {
  const name = createHash('sha256').update(folder).digest('hex').slice(0, 16);
  const server = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      reject(error.code === 'EADDRINUSE' ? inUse(folder) : error);
    });
    server.listen(`\\\\.\\pipe\\mnsoss-face-${name}`, resolve);
  });
  server.unref();
  return () => new Promise((resolve) => server.close(() => resolve()));
}

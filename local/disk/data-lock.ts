import { createHash } from 'node:crypto';
import { mkdir, realpath, unlink } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AppError } from '../../shared/runtime/errors.ts';

/**
 * Claims a data folder for this process and returns what releases it. A socket rather than a file with a process id:
 * the socket closes with its process however that ends, and process ids are reused.
 */
export async function lockDataDir(dataDir: string): Promise<() => Promise<void>> {
  await mkdir(dataDir, { recursive: true });
  const path = socketPath(await realpath(dataDir));
  for (let attempt = 0; ; attempt++) {
    const server = await listen(path);
    if (server) return () => new Promise((resolve) => server.close(() => resolve()));
    if (attempt > 0 || (await isAlive(path))) {
      throw new AppError(
        'ConfigInvalid',
        `${dataDir} is in use by another process: stop it, or choose --data-dir`,
      );
    }
    await unlink(path).catch(() => undefined);
  }
}

/** Outside the folder, because a socket path may have about 100 bytes at most. */
function socketPath(dataDir: string): string {
  const name = `mnsoss-face-${createHash('sha256').update(dataDir).digest('hex').slice(0, 16)}`;
  return process.platform === 'win32' ? `\\\\.\\pipe\\${name}` : join(tmpdir(), `${name}.sock`);
}

/** `undefined` when the path is taken. */
function listen(path: string): Promise<Server | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(undefined);
      else reject(error);
    });
    server.listen(path, () => {
      server.unref();
      resolve(server);
    });
  });
}

function isAlive(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path, () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

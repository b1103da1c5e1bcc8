import type { IncomingMessage } from 'node:http';

/** A client that sends a body more slowly than this is disconnected. */
const MIN_BYTES_PER_SECOND = 100;

/**
 * Closes the connection of a client that does not send the body that it announced, or sends it a few bytes at a time.
 * @param idleTimeoutMs how long a client may be slow
 */
export function closeWhenSlow(message: IncomingMessage, idleTimeoutMs: number): void {
  const { socket, headers } = message;
  if (headers['content-length'] === undefined && headers['transfer-encoding'] === undefined) return;
  const least = (MIN_BYTES_PER_SECOND * idleTimeoutMs) / 1000;
  let before = socket.bytesRead;
  const timer = setInterval(() => {
    if (socket.bytesRead - before < least) socket.destroy();
    before = socket.bytesRead;
  }, idleTimeoutMs);
  const stop = () => clearInterval(timer);
  message.once('end', stop);
  message.once('close', stop);
}

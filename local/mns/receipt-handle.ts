import type { Random } from '../../shared/runtime/random.ts';
import { hexId } from '../http/ids.ts';

const ORDER_BYTES = 6;
const NONCE_BYTES = 16;

/** `<priority>-<token>`, safe in a URL because the Node SDK does not encode it. The token identifies the message. */
export function newReceiptHandle(random: Random, message: { order: number; priority: number }): string {
  const token = Buffer.alloc(ORDER_BYTES + NONCE_BYTES);
  token.writeUIntBE(message.order, 0, ORDER_BYTES);
  token.write(hexId(random, 2 * NONCE_BYTES), ORDER_BYTES, 'hex');
  return `${message.priority}-${token.toString('base64url')}`;
}

/** The order of the message that a receipt handle identifies; `undefined` if the handle is malformed. */
export function orderOfReceiptHandle(handle: string): number | undefined {
  const token = /^\d{1,2}-([A-Za-z0-9_-]{30})$/.exec(handle)?.[1];
  return token === undefined ? undefined : Buffer.from(token, 'base64url').readUIntBE(0, ORDER_BYTES);
}

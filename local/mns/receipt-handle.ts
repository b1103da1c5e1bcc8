import { createHash } from 'node:crypto';
import type { Random } from '../../shared/runtime/random.ts';

/** Upper-case hex, as message ids (32 digits) and request ids (24 digits) are. */
export function hexId(random: Random, digits: number): string {
  let text = '';
  while (text.length < digits)
    text += Math.floor(random() * 0x1_0000_0000)
      .toString(16)
      .padStart(8, '0');
  return text.slice(0, digits).toUpperCase();
}

/** Upper-case hex of the text as stored. */
export function md5Of(text: string): string {
  return createHash('md5').update(text).digest('hex').toUpperCase();
}

const ORDER_BYTES = 6;
const NONCE_BYTES = 16;

/** `<priority>-<token>`, safe in a URL because the Node SDK does not encode it. The token names the message. */
export function newReceiptHandle(random: Random, message: { order: number; priority: number }): string {
  const token = Buffer.alloc(ORDER_BYTES + NONCE_BYTES);
  token.writeUIntBE(message.order, 0, ORDER_BYTES);
  token.write(hexId(random, 2 * NONCE_BYTES), ORDER_BYTES, 'hex');
  return `${message.priority}-${token.toString('base64url')}`;
}

/** The order of the message that a receipt handle names; `undefined` when it is none. */
export function orderOfReceiptHandle(handle: string): number | undefined {
  const token = /^\d{1,2}-([A-Za-z0-9_-]{30})$/.exec(handle)?.[1];
  return token === undefined ? undefined : Buffer.from(token, 'base64url').readUIntBE(0, ORDER_BYTES);
}

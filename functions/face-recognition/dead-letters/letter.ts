import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { AppError } from '../../../shared/runtime/errors.ts';
import type { Rejected } from '../report.ts';

/** What an invocation rejects: parts of its event that can never succeed. `mnsoss-face redrive` reads it. */
export interface FunctionLetter {
  /** The same for every delivery of the same parts. */
  readonly id: string;
  /** `acs:fc:<region>:<account>:functions/<name>`. */
  readonly functionArn: string;
  /** Of the invocation. */
  readonly requestId: string;
  /** ISO 8601, UTC. */
  readonly deadTime: string;
  readonly code: string;
  readonly reason: string;
  /** The part as it came, or a JSON array of several parts; bytes that are not UTF-8 are in Base64. */
  readonly body: string;
}

type Circumstances = Pick<FunctionLetter, 'functionArn' | 'requestId' | 'deadTime'>;

/** One letter for each part, or for as many of them as `maxBytes` holds. */
export function lettersOf(
  rejected: readonly Rejected[],
  circumstances: Circumstances,
  maxBytes: number,
): FunctionLetter[] {
  const letters: FunctionLetter[] = [];
  let group: Rejected[] = [];
  let bytes = 0;
  const close = () => {
    if (group.length > 0) letters.push(letterOf(group, circumstances));
    group = [];
    bytes = 0;
  };
  for (const part of rejected) {
    const size = Buffer.byteLength(JSON.stringify(textOf(part.content)));
    if (bytes + size > maxBytes) close();
    group.push(part);
    bytes += size;
  }
  close();
  return letters;
}

/** Reasons of one letter that are written out. */
const MAX_REASONS = 5;

function letterOf(parts: readonly Rejected[], circumstances: Circumstances): FunctionLetter {
  const texts = parts.map(({ content }) => textOf(content));
  const body = texts.length === 1 ? texts[0]! : JSON.stringify(parts.map(({ content }) => partOf(content)));
  const reasons = parts.slice(0, MAX_REASONS).map(({ reason }) => reason);
  if (parts.length > MAX_REASONS) reasons.push(`and ${parts.length - MAX_REASONS} more`);
  const id = createHash('sha256').update(body).digest('hex').slice(0, 32).toUpperCase();
  return { id, ...circumstances, code: parts[0]!.code, reason: reasons.join('; '), body };
}

function textOf(content: unknown): string {
  const value = partOf(content);
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
}

function partOf(content: unknown): unknown {
  if (!(content instanceof Uint8Array)) return content;
  const bytes = Buffer.from(content);
  const text = bytes.toString('utf8');
  return Buffer.from(text).equals(bytes) ? text : bytes.toString('base64');
}

/**
 * The letter as a message of at most `maxBytes`. A body that is too large is compressed. Throws `EventTooLarge` when that is
 * not enough.
 */
export function messageOf(letter: FunctionLetter, maxBytes: number): string {
  const plain = JSON.stringify(letter);
  if (Buffer.byteLength(plain) <= maxBytes) return plain;
  const { body, ...rest } = letter;
  const packed = JSON.stringify({ ...rest, bodyGzip: gzipSync(body).toString('base64') });
  if (Buffer.byteLength(packed) <= maxBytes) return packed;
  throw new AppError(
    'EventTooLarge',
    `a part of the event has ${body.length} characters and fits in no message`,
    {
      details: { code: letter.code },
    },
  );
}

import { AppError } from '../runtime/errors.ts';
import { parseJson } from '../runtime/json.ts';

/**
 * The value of bytes or text: a JSON object or array is parsed, anything else remains text. Other values are returned
 * unchanged.
 */
export function readValue(input: unknown, maxBytes: number): unknown {
  if (input instanceof Uint8Array) return readText(decodeUtf8(input, maxBytes));
  if (typeof input !== 'string') return input;
  assertSize(Buffer.byteLength(input), maxBytes);
  return readText(input);
}

function readText(input: string): unknown {
  const text = input.trim();
  if (!/^[[{]/.test(text)) return text;
  assertNesting(text);
  const value = parseJson(text);
  if (value !== undefined) return value;
  throw new AppError('EnvelopeUnknown', 'expected JSON: the text begins like it but does not parse');
}

function decodeUtf8(bytes: Uint8Array, maxBytes: number): string {
  assertSize(bytes.byteLength, maxBytes);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new AppError('EnvelopeUnknown', `expected text in UTF-8, got ${bytes.byteLength} other bytes`);
  }
}

function assertSize(size: number, maxBytes: number): void {
  if (size <= maxBytes) return;
  throw new AppError('EventTooLarge', `the event has ${size} bytes, the bound is ${maxBytes}`, {
    details: { size, maxBytes },
  });
}

/** No event is nested so deeply. Parsing a million brackets would take a hundred times as long as counting them. */
const MAX_NESTING = 1000;

const [QUOTE, BACKSLASH] = ['"', '\\'].map((character) => character.charCodeAt(0));
const OPENING = new Set(['[', '{'].map((character) => character.charCodeAt(0)));
const CLOSING = new Set([']', '}'].map((character) => character.charCodeAt(0)));

function assertNesting(json: string): void {
  let depth = 0;
  let inText = false;
  for (let index = 0; index < json.length; index++) {
    const code = json.charCodeAt(index);
    if (inText) {
      if (code === BACKSLASH) index++;
      else if (code === QUOTE) inText = false;
    } else if (code === QUOTE) inText = true;
    else if (CLOSING.has(code)) depth--;
    else if (OPENING.has(code) && ++depth > MAX_NESTING)
      throw new AppError('EnvelopeTooDeep', `the JSON is nested in more than ${MAX_NESTING} levels`);
  }
}

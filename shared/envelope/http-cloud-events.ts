import { AppError, toAppError } from '../runtime/errors.ts';
import { fromHttpMessage, type HttpMessage } from './http-message.ts';
import { readValue } from './text.ts';

/** A CloudEvent as received. */
export interface ReceivedEvent {
  /** Context attributes and extensions; in structured mode with the types of JSON. */
  readonly attributes: Readonly<Record<string, string | number | boolean>>;
  /** Bytes in binary mode and of `data_base64`, otherwise a JSON value; `undefined` when the event has none. */
  readonly data: unknown;
}

export interface ReceivedEvents {
  readonly events: readonly ReceivedEvent[];
  /** `EnvelopeUnknown`, one for each malformed event. A batch may also have valid events. */
  readonly faults: readonly AppError[];
}

const REQUIRED = ['id', 'source', 'type', 'specversion'];
const VERSIONS = ['1.0', '0.3'];
/** EventBridge's largest batch. */
const MAX_EVENTS = 10_000;

/**
 * The CloudEvents of an HTTP request in binary, structured or batched mode. JSON may also have the type `application/json`,
 * as from EventBridge. `undefined` when the request does not claim to be a CloudEvent.
 *
 * The SDK's reader is not used: it invents a missing id and time, does not decode headers, accepts objects as attributes,
 * and refuses plain JSON and EventBridge's older timestamps.
 */
export function readCloudEvents(message: HttpMessage): ReceivedEvents | undefined {
  const contentType = mediaType(message.headers['content-type']);
  if (contentType.startsWith('application/cloudevents')) return readDeclared(contentType, message.body);
  const value = fromHttpMessage(message);
  if (value !== message.body) return collect([value], (event) => fromBinary(event, message));
  return /^(application\/json|)$/.test(contentType) ? readPlain(message.body) : undefined;
}

function readDeclared(contentType: string, body: Uint8Array): ReceivedEvents {
  try {
    const value = parse(body);
    if (contentType === 'application/cloudevents+json') return collect([value], fromStructured);
    if (contentType !== 'application/cloudevents-batch+json') throw malformed('expected the JSON format');
    if (!Array.isArray(value)) throw malformed('expected a JSON array');
    return collect(value, fromStructured);
  } catch (error) {
    return { events: [], faults: [toAppError(error)] };
  }
}

function readPlain(body: Uint8Array): ReceivedEvents | undefined {
  let value: unknown;
  try {
    value = parse(body);
  } catch {
    return undefined;
  }
  const values = Array.isArray(value) ? value : [value];
  return values.some(claimsToBeEvent) ? collect(values, fromStructured) : undefined;
}

function collect(values: readonly unknown[], read: (value: unknown) => ReceivedEvent): ReceivedEvents {
  if (values.length > MAX_EVENTS) {
    const tooMany = `the batch has ${values.length} events, the bound is ${MAX_EVENTS}`;
    return { events: [], faults: [new AppError('EventTooLarge', tooMany)] };
  }
  const events: ReceivedEvent[] = [];
  const faults: AppError[] = [];
  for (const value of values) {
    try {
      events.push(read(value));
    } catch (error) {
      faults.push(toAppError(error));
    }
  }
  return { events, faults };
}

function fromBinary(value: unknown, { headers, body }: HttpMessage): ReceivedEvent {
  const { data, ...attributes } = value as Record<string, unknown>;
  const contentType = headers['content-type'];
  return {
    attributes: checked({ ...attributes, datacontenttype: contentType }),
    data: body.length === 0 ? undefined : data,
  };
}

function fromStructured(value: unknown): ReceivedEvent {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw malformed('expected a JSON object');
  }
  const { data, data_base64: base64, ...attributes } = value as Record<string, unknown>;
  if (base64 === undefined) return { attributes: checked(attributes), data };
  if (data !== undefined) throw malformed('expected data or data_base64, got both');
  if (typeof base64 !== 'string') throw malformed('data_base64: expected string');
  return { attributes: checked(attributes), data: Buffer.from(base64, 'base64') };
}

/** Time and content are not validated: nothing depends on the time, and the content is the consumer's matter. */
function checked(attributes: Readonly<Record<string, unknown>>): ReceivedEvent['attributes'] {
  const known: Record<string, string | number | boolean> = {};
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null) continue; // JSON format 3.1: null is the same as absent
    if (!/^[a-z0-9]+$/.test(name)) throw malformed('names of attributes have only a-z and 0-9');
    if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') {
      throw malformed(`${name}: expected string, number or boolean`);
    }
    known[name] = value;
  }
  for (const name of REQUIRED) {
    if (typeof known[name] !== 'string' || known[name] === '')
      throw malformed(`${name}: expected a non-empty string`);
  }
  if (!VERSIONS.includes(known.specversion as string)) {
    throw malformed(`specversion: expected ${VERSIONS.join(' or ')}`);
  }
  return known;
}

function claimsToBeEvent(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'specversion' in value;
}

function parse(body: Uint8Array): unknown {
  return readValue(body, body.length);
}

function mediaType(header: HttpMessage['headers'][string]): string {
  return String(header ?? '')
    .split(';')[0]!
    .trim()
    .toLowerCase();
}

function malformed(why: string): AppError {
  return new AppError('EnvelopeUnknown', `the CloudEvent is unreadable: ${why}`);
}

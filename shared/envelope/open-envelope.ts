import { AppError, toAppError } from '../runtime/errors.ts';
import type { Layer } from './envelope.ts';
import type { EnvelopeName, OssObjectEvent, OssRecord } from './event.ts';
import { ENVELOPES } from './formats/index.ts';
import { eventOf, whyNotRecord } from './record.ts';
import { readValue } from './text.ts';

const DEFAULT_BOUNDS = {
  /** Bytes of the input: the limit of Function Compute. */
  maxBytes: 32 * 1024 * 1024,
  /** Envelopes around a notification. */
  maxDepth: 6,
  /** Layers of Base64 among them. */
  maxBase64Layers: 4,
  /** Records and unreadable elements in total: EventBridge's largest batch. */
  maxRecords: 10_000,
};

export type EnvelopeBounds = Readonly<typeof DEFAULT_BOUNDS>;

/** A part that could not be opened. Store `content` before acknowledging the input. */
interface EnvelopeFault {
  /** From the input to the part: `[2].data.messageBody.base64.events[0]`; empty for the input itself. */
  readonly path: string;
  /** `EnvelopeUnknown`, `EnvelopeTooDeep` or `EventTooLarge`. Says what was expected where; never quotes the input. */
  readonly error: AppError;
  /** The part with all envelopes that contain nothing else. */
  readonly content: unknown;
}

export interface OpenedEnvelope {
  /** In the order of the input. */
  readonly events: readonly OssObjectEvent[];
  readonly faults: readonly EnvelopeFault[];
}

/** The way from the input to a part. */
interface Trail {
  readonly path: string;
  readonly envelopes: readonly EnvelopeName[];
  readonly eventId?: string | undefined;
  /** The outermost envelope of which this is the only part. */
  readonly outermost?: { readonly content: unknown };
}

/**
 * Opens what a trigger delivered – bytes, text or parsed JSON – down to the records of OSS. Never throws for its input:
 * each part is opened separately, and one that fails is a fault next to the events of the others. An invalid element of a
 * batch neither blocks nor loses the valid ones. Every part of the input ends in one of the two lists.
 */
export function openEnvelope(input: unknown, bounds: Partial<EnvelopeBounds> = {}): OpenedEnvelope {
  const limits = { ...DEFAULT_BOUNDS, ...bounds };
  const events: OssObjectEvent[] = [];
  const faults: EnvelopeFault[] = [];
  let records = 1;

  const open = (content: unknown, outer: Trail): void => {
    try {
      const value = readValue(content, limits.maxBytes);
      const { name, layer } = recognize(value, outer.path);
      const outermost = outer.outermost ?? { content };
      const trail = {
        ...outer,
        envelopes: [...outer.envelopes, name],
        outermost: layer.parts.length === 1 ? outermost : undefined,
        eventId: layer.parts.length === 1 ? (layer.eventId ?? outer.eventId) : undefined,
      };
      records += Math.max(0, layer.parts.length - 1);
      assertCount(records, limits);
      if (!layer.areRecords) assertDepth(trail, limits);
      for (const [index, part] of layer.parts.entries()) {
        const inner = { ...trail, path: trail.path + layer.pathOf(index) };
        if (layer.areRecords) take(part, index, inner);
        else open(part, inner);
      }
    } catch (error) {
      faults.push(faultOf(outer, toAppError(error), content));
    }
  };

  const take = (content: unknown, index: number, trail: Trail): void => {
    const why = whyNotRecord(content);
    if (why === undefined) events.push(eventOf(content as OssRecord, { ...trail, index }));
    else faults.push(faultOf(trail, unknownAt(trail.path, [`oss-record: ${why}`]), content));
  };

  open(input, { path: '', envelopes: [] });
  return { events, faults };
}

function faultOf({ path, outermost }: Trail, error: AppError, content: unknown): EnvelopeFault {
  return { path, error, content: outermost ? outermost.content : content };
}

function recognize(value: unknown, path: string): { name: EnvelopeName; layer: Layer } {
  const tried: string[] = [];
  for (const { name, open } of ENVELOPES) {
    const layer = open(value);
    if (typeof layer !== 'string') return { name, layer };
    tried.push(`${name}: ${layer}`);
  }
  throw unknownAt(path, tried);
}

function unknownAt(path: string, tried: readonly string[]): AppError {
  const where = path === '' ? 'the event' : path;
  const reason = tried.length === 1 ? tried[0] : 'none of the known envelopes';
  return new AppError('EnvelopeUnknown', `${where} is unreadable: ${reason}`, {
    details: { path, tried },
  });
}

function assertCount(records: number, { maxRecords }: EnvelopeBounds): void {
  if (records <= maxRecords) return;
  throw new AppError('EventTooLarge', `the event has ${records} elements, the bound is ${maxRecords}`, {
    details: { records, maxRecords },
  });
}

function assertDepth({ path, envelopes }: Trail, { maxDepth, maxBase64Layers }: EnvelopeBounds): void {
  const base64Layers = envelopes.filter((name) => name === 'base64').length;
  if (envelopes.length <= maxDepth && base64Layers <= maxBase64Layers) return;
  throw new AppError(
    'EnvelopeTooDeep',
    `${envelopes.join(' > ')}: the bound is ${maxDepth} envelopes, ${maxBase64Layers} of them Base64`,
    { details: { path, envelopes } },
  );
}

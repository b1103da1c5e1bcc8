/**
 * The part of the Protocol Buffers wire format that ONNX files need: varints, 32-bit floats and length-delimited
 * fields. Source: protobuf.dev/programming-guides/encoding.
 */

const WIRE_VARINT = 0;
const WIRE_BYTES = 2;
const WIRE_FIXED32 = 5;

export type Bytes = Uint8Array<ArrayBuffer>;

export function concat(parts: readonly Uint8Array[]): Bytes {
  const joined = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    joined.set(part, offset);
    offset += part.length;
  }
  return joined;
}

/** A non-negative safe integer in groups of seven bits, lowest first. Throws `RangeError` for any other number. */
export function varint(value: number): Bytes {
  if (!Number.isSafeInteger(value) || value < 0) throw new RangeError(`varint of ${value}`);
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  bytes.push(rest);
  return Uint8Array.from(bytes);
}

export function intField(field: number, value: number): Bytes {
  return concat([tag(field, WIRE_VARINT), varint(value)]);
}

export function floatField(field: number, value: number): Bytes {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setFloat32(0, value, true);
  return concat([tag(field, WIRE_FIXED32), bytes]);
}

/** A nested message or raw bytes. */
export function bytesField(field: number, value: Uint8Array): Bytes {
  return concat([tag(field, WIRE_BYTES), varint(value.length), value]);
}

export function stringField(field: number, value: string): Bytes {
  return bytesField(field, new TextEncoder().encode(value));
}

function tag(field: number, wire: number): Bytes {
  return varint(field * 8 + wire);
}

export interface WireField {
  readonly field: number;
  /** Content of a length-delimited field; empty for other wire types. */
  readonly content: Uint8Array;
  /** The whole field with its tag, for copying. */
  readonly raw: Uint8Array;
}

/** The fields of a message in their order. Throws `RangeError` for bytes that are not such a message. */
export function* readFields(message: Uint8Array): Generator<WireField> {
  let offset = 0;
  const readVarint = (): number => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = message[offset++];
      if (byte === undefined) throw new RangeError('the message ends inside a varint');
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  };
  while (offset < message.length) {
    const start = offset;
    const key = readVarint();
    const wire = key % 8;
    let content = message.subarray(0, 0);
    if (wire === WIRE_VARINT) readVarint();
    else if (wire === WIRE_FIXED32) offset += 4;
    else if (wire === WIRE_BYTES) {
      const length = readVarint();
      content = message.subarray(offset, offset + length);
      offset += length;
    } else throw new RangeError(`wire type ${wire} does not occur in ONNX files`);
    if (offset > message.length) throw new RangeError('the message ends inside a field');
    yield { field: Math.floor(key / 8), content, raw: message.subarray(start, offset) };
  }
}

/** The text of the first field with this number, or `undefined`. */
export function readString(message: Uint8Array, field: number): string | undefined {
  for (const entry of readFields(message)) {
    if (entry.field === field) return new TextDecoder().decode(entry.content);
  }
  return undefined;
}

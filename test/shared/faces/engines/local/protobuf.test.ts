import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  bytesField,
  concat,
  floatField,
  intField,
  readFields,
  readString,
  stringField,
  varint,
} from '../../../../../shared/faces/engines/local/protobuf.ts';

describe('writing', () => {
  // The two examples of protobuf.dev/programming-guides/encoding.
  test('varints are encoded as in the specification', () => {
    expect([...intField(1, 150)]).toEqual([0x08, 0x96, 0x01]);
    expect([...stringField(2, 'testing')]).toEqual([0x12, 7, 0x74, 0x65, 0x73, 0x74, 0x69, 0x6e, 0x67]);
  });

  test('floats are written in four bytes, lowest first', () => {
    expect([...floatField(2, 1)]).toEqual([0x15, 0, 0, 0x80, 0x3f]);
  });

  test.each([-1, 0.5, 2 ** 53, Number.NaN])('%d is not a valid varint', (value) => {
    expect(() => varint(value)).toThrow(RangeError);
  });
});

describe('reading', () => {
  const anyField = fc.oneof(
    fc.record({ field: fc.integer({ min: 1, max: 2 ** 20 }), int: fc.maxSafeNat() }),
    fc.record({ field: fc.integer({ min: 1, max: 2 ** 20 }), float: fc.float() }),
    fc.record({ field: fc.integer({ min: 1, max: 2 ** 20 }), bytes: fc.uint8Array({ maxLength: 300 }) }),
  );

  test('every written field is read back, byte for byte', () => {
    fc.assert(
      fc.property(fc.array(anyField), (fields) => {
        const written = fields.map((field) => {
          if ('int' in field) return intField(field.field, field.int);
          if ('float' in field) return floatField(field.field, field.float);
          return bytesField(field.field, field.bytes);
        });

        const read = [...readFields(concat(written))];

        expect(read.map(({ field }) => field)).toEqual(fields.map(({ field }) => field));
        expect(read.map(({ raw }) => [...raw])).toEqual(written.map((bytes) => [...bytes]));
        expect(read.map(({ content }) => [...content])).toEqual(
          fields.map((field) => ('bytes' in field ? [...field.bytes] : [])),
        );
      }),
    );
  });

  test('a message that was cut short is rejected', () => {
    const message = concat([intField(1, 7), stringField(2, 'text')]);

    for (const length of [1, 3, 4, message.length - 1]) {
      expect(() => [...readFields(message.subarray(0, length))]).toThrow('the message ends');
    }
  });

  test('a wire type that ONNX does not use is rejected', () => {
    expect(() => [...readFields(Uint8Array.of((1 << 3) | 3))]).toThrow('wire type 3');
  });

  test('readString returns the first text of a field', () => {
    const message = concat([stringField(4, 'Conv'), stringField(2, 'é'), stringField(2, 'later')]);

    expect(readString(message, 2)).toBe('é');
    expect(readString(message, 3)).toBeUndefined();
  });
});

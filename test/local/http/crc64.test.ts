import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { combineCrc64, createCrc64 } from '../../../local/http/crc64.ts';
import { crc64 } from '../../support/crc64.ts';

describe('crc64', () => {
  test('the checksum of the standard text is the check value of CRC-64/XZ', () => {
    expect(crc64(Buffer.from('123456789'))).toBe(11_051_210_869_376_104_954n);
  });

  test('the checksum of no bytes is 0', () => {
    expect(crc64(new Uint8Array())).toBe(0n);
  });

  test('the checksum does not depend on how the bytes are split', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(300), (bytes, at) => {
        const crc = createCrc64();

        crc.update(bytes.subarray(0, at));
        crc.update(bytes.subarray(at));

        expect(crc.digest()).toBe(crc64(bytes));
      }),
    );
  });

  test('the checksums of two pieces combine to that of the whole', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.uint8Array({ maxLength: 300 }), (first, second) => {
        const whole = crc64(Buffer.concat([first, second]));

        const combined = combineCrc64(crc64(first), crc64(second), second.length);

        expect(combined).toBe(whole);
      }),
    );
  });
});

import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { crc32, portableCrc32 } from '../../../local/disk/checksum.ts';

test('the checksum of 123456789 is that of the published algorithm', () => {
  expect(crc32(Buffer.from('123456789'))).toBe(0xcbf43926);
});

test('Node and the portable function compute the same checksum, in one piece or two', () => {
  fc.assert(
    fc.property(fc.uint8Array(), fc.uint8Array(), (first, second) => {
      const whole = crc32(Buffer.concat([first, second]));

      expect(portableCrc32(Buffer.concat([first, second]))).toBe(whole);
      expect(portableCrc32(second, portableCrc32(first))).toBe(whole);
    }),
  );
});

import { normalize } from 'node:path/posix';
import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { keyOfPath, pathOfKey } from '../../../shared/oss/path-of-key.ts';

const piece = fc.oneof(
  fc.constantFrom('/', '.', '..', '%', '%2E', '%f', '%+', '%_', '\\', '\u0000', 'é', '😀', 'x'.repeat(199)),
  fc.string({ unit: 'grapheme' }),
);
const key = fc
  .array(piece, { minLength: 1, maxLength: 12 })
  .map((pieces) => pieces.join(''))
  .filter((text) => text !== '' && !text.startsWith('/'));

it('gives every key a path that leads back to it, in either form', () => {
  fc.assert(
    fc.property(key, (original) => {
      expect(keyOfPath(pathOfKey(original))).toBe(original);
      expect(keyOfPath(pathOfKey(original, { beside: true }))).toBe(original);
    }),
  );
});

it('never leads out of the directory, into a hidden name, or beyond the length of a name', () => {
  fc.assert(
    fc.property(key, (original) => {
      const path = pathOfKey(original, { beside: true });

      expect(normalize(path)).toBe(path);
      for (const name of path.split('/')) {
        expect(name).toMatch(/^[^.]/);
        expect(Buffer.byteLength(name)).toBeLessThanOrEqual(255);
      }
    }),
  );
});

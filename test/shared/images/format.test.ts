import { expect, test } from 'vitest';
import { sniffFormat } from '../../../shared/images/format.ts';
import { plain, RED } from './pictures.ts';

test.each(['jpeg', 'png', 'webp', 'gif', 'tiff', 'avif'] as const)(
  '%s is detected by its first bytes',
  async (format) => {
    const bytes = await plain(RED).toFormat(format).toBuffer();

    const sniffed = sniffFormat(bytes);

    expect(sniffed).toBe(format);
  },
);

test.each([
  ['svg', '<svg xmlns="http://www.w3.org/2000/svg"/>'],
  ['svg', '\ufeff \n<?xml version="1.0"?><svg/>'],
  ['svg', '<!-- drawn by hand --><svg/>'],
  ['pdf', '%PDF-1.7\n'],
  ['bmp', 'BM6\0\0\0'],
  ['heic', '\0\0\0\x18ftypheic\0\0\0\0mif1heic'],
  ['heic', '\0\0\0\x14ftypmif1\0\0\0\0msf1'],
  ['avif', '\0\0\0\x18ftypmif1\0\0\0\0avifmif1'],
  ['jpeg-xl', '\0\0\0\x0cJXL \r\n\x87\n'],
])('a file is %s when it starts with %j', (expected, head) => {
  const bytes = Buffer.from(head, expected === 'svg' ? 'utf8' : 'latin1');

  const sniffed = sniffFormat(bytes);

  expect(sniffed).toBe(expected);
});

test.each(['', 'G', 'GIF88a', 'RIFF\0\0\0\0WAVE', '\0\0\0\x14ftypisom\0\0\0\0mp42', 'hello'])(
  'knows nothing that begins with %j',
  (head) => {
    const sniffed = sniffFormat(Buffer.from(head, 'latin1'));

    expect(sniffed).toBeUndefined();
  },
);

test('brands after the file type box are ignored', () => {
  const bytes = Buffer.from('\0\0\0\x10ftypisom\0\0\0\0avif', 'latin1');

  const sniffed = sniffFormat(bytes);

  expect(sniffed).toBeUndefined();
});

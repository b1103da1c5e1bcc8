import { expect, it } from 'vitest';
import { sniffFormat } from '../../../shared/images/format.ts';
import { plain, RED } from './pictures.ts';

it.each(['jpeg', 'png', 'webp', 'gif', 'tiff', 'avif'] as const)('knows %s by its bytes', async (format) => {
  const bytes = await plain(RED).toFormat(format).toBuffer();

  const sniffed = sniffFormat(bytes);

  expect(sniffed).toBe(format);
});

it.each([
  ['svg', '<svg xmlns="http://www.w3.org/2000/svg"/>'],
  ['svg', '\ufeff \n<?xml version="1.0"?><svg/>'],
  ['svg', '<!-- drawn by hand --><svg/>'],
  ['pdf', '%PDF-1.7\n'],
  ['bmp', 'BM6\0\0\0'],
  ['heic', '\0\0\0\x18ftypheic\0\0\0\0mif1heic'],
  ['heic', '\0\0\0\x14ftypmif1\0\0\0\0msf1'],
  ['avif', '\0\0\0\x18ftypmif1\0\0\0\0avifmif1'],
  ['jpeg-xl', '\0\0\0\x0cJXL \r\n\x87\n'],
])('calls a file %s that begins with %j', (expected, head) => {
  const bytes = Buffer.from(head, expected === 'svg' ? 'utf8' : 'latin1');

  const sniffed = sniffFormat(bytes);

  expect(sniffed).toBe(expected);
});

it.each(['', 'G', 'GIF88a', 'RIFF\0\0\0\0WAVE', '\0\0\0\x14ftypisom\0\0\0\0mp42', 'hello'])(
  'knows nothing that begins with %j',
  (head) => {
    const sniffed = sniffFormat(Buffer.from(head, 'latin1'));

    expect(sniffed).toBeUndefined();
  },
);

it('takes no brand from behind the file type box', () => {
  const bytes = Buffer.from('\0\0\0\x10ftypisom\0\0\0\0avif', 'latin1');

  const sniffed = sniffFormat(bytes);

  expect(sniffed).toBeUndefined();
});

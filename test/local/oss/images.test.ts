import type AliOss from 'ali-oss';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { failureOf, headersOf, openBucket, startOss, type TestOss, untyped } from './support.ts';

describe('image processing', () => {
  let oss: TestOss;
  let client: AliOss;
  let bucket: string;
  let original: Buffer;

  beforeAll(async () => {
    oss = await startOss();
    ({ client, bucket } = await openBucket(oss));
    original = await sharp({ create: { width: 400, height: 200, channels: 3, background: '#204080' } })
      .jpeg()
      .toBuffer();
    await client.put('photo.jpg', original);
    await client.put('drawing.svg', Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"><rect/></svg>'));
    await client.put('text.txt', Buffer.from('no picture'));
    const wide = { width: 5000, height: 10, channels: 3, background: '#204080' } as const;
    await client.put('wide.jpg', await sharp({ create: wide }).jpeg().toBuffer());
    await client.put('huge.gif', gifOf(16_000, 16_000));
  });
  afterAll(() => oss.close());

  test.each([
    ['image/resize,w_100', 100, 50, 'jpeg'],
    ['image/resize,h_100', 200, 100, 'jpeg'],
    ['image/resize,w_100,h_100,m_lfit', 100, 50, 'jpeg'],
    ['image/resize,w_100,h_100,m_mfit', 200, 100, 'jpeg'],
    ['image/resize,w_100,h_100,m_fill', 100, 100, 'jpeg'],
    ['image/resize,w_100,h_100,m_pad', 100, 100, 'jpeg'],
    ['image/resize,w_100,h_100,m_fixed', 100, 100, 'jpeg'],
    ['image/resize,l_100', 100, 50, 'jpeg'],
    ['image/resize,s_100', 200, 100, 'jpeg'],
    ['image/resize,p_50', 200, 100, 'jpeg'],
    ['image/resize,w_800', 400, 200, 'jpeg'],
    ['image/resize,w_800,limit_0', 800, 400, 'jpeg'],
    ['image/crop,w_50,h_40', 50, 40, 'jpeg'],
    ['image/crop,w_50,h_40,g_se,x_10', 40, 40, 'jpeg'],
    ['image/rotate,90', 200, 400, 'jpeg'],
    ['image/resize,w_100/rotate,90', 50, 100, 'jpeg'],
    ['image/rotate,90/resize,w_100', 100, 200, 'jpeg'],
    ['image/format,png', 400, 200, 'png'],
    ['image/quality,q_50/format,webp', 400, 200, 'webp'],
    ['image/auto-orient,1', 400, 200, 'jpeg'],
  ])('an image is processed: %s', async (process, width, height, format) => {
    const { content } = await client.get('photo.jpg', { process });

    expect(await sharp(content).metadata()).toMatchObject({ width, height, format });
  });

  test.each([
    ['g_nw', 'left', 'top'],
    ['g_se', 'right', 'bottom'],
    ['', 'right', 'bottom'],
  ])('a text is drawn in its corner: %s', async (gravity, side, edge) => {
    const text = Buffer.from('hello 图片').toString('base64url');
    const { content } = await client.get('photo.jpg', {
      process: `image/watermark,text_${text},color_ff6a00,size_20,${gravity}/format,png`,
    });

    const orange = await boxOf(content, ([red = 0]) => red > 200);
    expect(side === 'left' ? orange.left : 399 - orange.right).toBeLessThan(15);
    expect(edge === 'top' ? orange.top : 199 - orange.bottom).toBeLessThan(20);
    expect(orange.right - orange.left).toBeGreaterThan(60);
  });

  test('drawing a text keeps the transparency of the image', async () => {
    const clear = { width: 90, height: 60, channels: 4, background: '#0000' } as const;
    await client.put('clear.png', await sharp({ create: clear }).png().toBuffer());

    const { content } = await client.get('clear.png', { process: 'image/watermark,text_YQ,x_0,y_0' });

    const { data, info } = await sharp(content).raw().toBuffer({ resolveWithObject: true });
    expect(info.channels).toBe(4);
    expect(data[3]).toBe(0);
    expect(data.some((value) => value === 255)).toBe(true);
  });

  test('info returns size and format of an image', async () => {
    const { content } = await client.get('photo.jpg', { process: 'image/info' });

    expect(JSON.parse(content.toString())).toEqual({
      FileSize: { value: String(original.length) },
      Format: { value: 'jpg' },
      ImageHeight: { value: '200' },
      ImageWidth: { value: '400' },
    });
  });

  test('a processed image is answered without the checksums of the original', async () => {
    const got = await client.get('photo.jpg', { process: 'image/format,png' });

    expect(headersOf(got)['content-type']).toBe('image/png');
    expect(headersOf(got)).not.toHaveProperty('etag');
    expect(headersOf(got)).not.toHaveProperty('x-oss-hash-crc64ecma');
  });

  test.each([
    ['photo.jpg', 'image/resize,w_16384,h_16384,m_fixed', 'InvalidArgument'],
    ['photo.jpg', 'image/resize,w_16384,limit_0', 'InvalidArgument'],
    ['photo.jpg', 'image/resize,w_16384,h_16384,m_mfit,limit_0', 'InvalidArgument'],
    ['photo.jpg', 'image/resize,p_1000/resize,p_1000', 'InvalidArgument'],
    ['photo.jpg', `image${'/rotate,45'.repeat(200)}`, 'InvalidArgument'],
    ['wide.jpg', 'image/rotate,90', 'InvalidArgument'],
    ['huge.gif', 'image/resize,w_10', 'InvalidArgument'],
    ['photo.jpg', 'image/resize,w_0', 'InvalidArgument'],
    ['photo.jpg', 'image/resize,w_x', 'InvalidArgument'],
    ['photo.jpg', 'image/resize', 'InvalidArgument'],
    ['photo.jpg', 'image/format,exe', 'InvalidArgument'],
    ['photo.jpg', 'image/crop,x_500', 'InvalidArgument'],
    ['photo.jpg', 'image/watermark,image_YQ', 'NotImplemented'],
    ['photo.jpg', 'image/watermark,text_', 'InvalidArgument'],
    ['photo.jpg', 'image/watermark,text_YQ,color_red', 'InvalidArgument'],
    ['photo.jpg', 'image/watermark,text_YQ,g_middle', 'InvalidArgument'],
    ['drawing.svg', 'image/format,png', 'InvalidArgument'],
    ['photo.jpg', 'video/snapshot,t_1', 'NotImplemented'],
    ['text.txt', 'image/resize,w_10', 'InvalidArgument'],
  ])('processing %s by %s is refused', async (key, process, code) => {
    const error = await failureOf(client.get(key, { process }));

    expect(error).toMatchObject({ code, status: 400 });
  });

  test('a processed image can be stored as another object', async () => {
    const saved = await untyped(client).processObjectSave!(
      'photo.jpg',
      'small/photo.png',
      'image/resize,w_40/format,png',
    );

    const { content } = await client.get('small/photo.png');
    expect((saved.res as { status: number }).status).toBe(200);
    expect(await sharp(content).metadata()).toMatchObject({ width: 40, height: 20, format: 'png' });
  });

  test('a processed image can be stored in another bucket with write permission', async () => {
    const { client: other, bucket: target } = await openBucket(oss);

    await untyped(client).processObjectSave!('photo.jpg', 'a.png', 'image/format,png', target);

    expect((await other.get('a.png')).content.length).toBeGreaterThan(100);
    expect(bucket).not.toBe(target);
  });
});

/** The bounds of the pixels that have a colour. */
async function boxOf(image: Uint8Array, matches: (pixel: Uint8Array) => boolean) {
  const { data, info } = await sharp(image).raw().toBuffer({ resolveWithObject: true });
  const box = { left: info.width, top: info.height, right: -1, bottom: -1 };
  for (let at = 0; at < info.width * info.height; at++) {
    if (!matches(data.subarray(at * info.channels, (at + 1) * info.channels))) continue;
    const [x, y] = [at % info.width, Math.floor(at / info.width)];
    box.left = Math.min(box.left, x);
    box.right = Math.max(box.right, x);
    box.top = Math.min(box.top, y);
    box.bottom = Math.max(box.bottom, y);
  }
  return box;
}

/** A GIF of a few bytes that announces this size. */
function gifOf(width: number, height: number): Buffer {
  const screen = Buffer.from('474946383961000000008000000000000000ffffff', 'hex').subarray(0, 19);
  const image = Buffer.from('2c0000000000000000000002024401003b', 'hex');
  screen.writeUInt16LE(width, 6);
  screen.writeUInt16LE(height, 8);
  image.writeUInt16LE(width, 5);
  image.writeUInt16LE(height, 7);
  return Buffer.concat([screen, image]);
}

import type AliOss from 'ali-oss';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
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
    await client.put('text.txt', Buffer.from('no picture'));
  });
  afterAll(() => oss.close());

  it.each([
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
  ])('%s', async (process, width, height, format) => {
    const { content } = await client.get('photo.jpg', { process });

    expect(await sharp(content).metadata()).toMatchObject({ width, height, format });
  });

  it('describes an image', async () => {
    const { content } = await client.get('photo.jpg', { process: 'image/info' });

    expect(JSON.parse(content.toString())).toEqual({
      FileSize: { value: String(original.length) },
      Format: { value: 'jpg' },
      ImageHeight: { value: '200' },
      ImageWidth: { value: '400' },
    });
  });

  it('answers without the checksums of the original', async () => {
    const got = await client.get('photo.jpg', { process: 'image/format,png' });

    expect(headersOf(got)['content-type']).toBe('image/png');
    expect(headersOf(got)).not.toHaveProperty('etag');
    expect(headersOf(got)).not.toHaveProperty('x-oss-hash-crc64ecma');
  });

  it.each([
    ['photo.jpg', 'image/resize,w_0', 'InvalidArgument'],
    ['photo.jpg', 'image/resize,w_x', 'InvalidArgument'],
    ['photo.jpg', 'image/resize', 'InvalidArgument'],
    ['photo.jpg', 'image/format,exe', 'InvalidArgument'],
    ['photo.jpg', 'image/crop,x_500', 'InvalidArgument'],
    ['photo.jpg', 'image/watermark,text_YQ', 'NotImplemented'],
    ['photo.jpg', 'video/snapshot,t_1', 'NotImplemented'],
    ['text.txt', 'image/resize,w_10', 'InvalidArgument'],
  ])('refuses to process %s by %s', async (key, process, code) => {
    const error = await failureOf(client.get(key, { process }));

    expect(error).toMatchObject({ code, status: 400 });
  });

  it('stores the outcome as another object', async () => {
    const saved = await untyped(client).processObjectSave!(
      'photo.jpg',
      'small/photo.png',
      'image/resize,w_40/format,png',
    );

    const { content } = await client.get('small/photo.png');
    expect((saved.res as { status: number }).status).toBe(200);
    expect(await sharp(content).metadata()).toMatchObject({ width: 40, height: 20, format: 'png' });
  });

  it('stores the outcome in another bucket that one may write to', async () => {
    const { client: other, bucket: target } = await openBucket(oss);

    await untyped(client).processObjectSave!('photo.jpg', 'a.png', 'image/format,png', target);

    expect((await other.get('a.png')).content.length).toBeGreaterThan(100);
    expect(bucket).not.toBe(target);
  });
});

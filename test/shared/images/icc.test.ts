import sharp from 'sharp';
import { expect, test } from 'vitest';
import { isSrgbProfile } from '../../../shared/images/icc.ts';
import { photo, plain, RED } from './pictures.ts';

async function profileOf(file: Buffer): Promise<Buffer> {
  const { icc } = await sharp(file).metadata();
  return icc!;
}

/** A profile with only a description, in the older text type. */
function described(name: string): Buffer {
  const tag = Buffer.alloc(12 + name.length + 1);
  tag.write('desc', 0, 'latin1');
  tag.writeUInt32BE(name.length + 1, 8);
  tag.write(name, 12, 'latin1');
  const table = Buffer.alloc(16);
  table.writeUInt32BE(1, 0);
  table.write('desc', 4, 'latin1');
  table.writeUInt32BE(144, 8);
  table.writeUInt32BE(tag.length, 12);
  return Buffer.concat([Buffer.alloc(128), table, tag]);
}

test('the sRGB profile of a photo is recognized', async () => {
  const profile = await profileOf(photo());

  expect(isSrgbProfile(profile)).toBe(true);
});

test('a Unicode description is recognized', async () => {
  const profile = await profileOf(await plain(RED).withIccProfile('srgb').jpeg().toBuffer());
  const wide = await profileOf(await plain(RED).withIccProfile('p3').jpeg().toBuffer());

  // The profiles of the encoder have the descriptions `sRGB` and `sP3C`.
  expect(isSrgbProfile(profile)).toBe(true);
  expect(isSrgbProfile(wide)).toBe(false);
});

test.each([
  ['sRGB IEC61966-2.1', true],
  ['sRGB built-in', true],
  ['c2', true],
  ['sRGB-elle-V2-g10.icc', false],
  ['Linear sRGB', false],
  ['Adobe RGB (1998)', false],
  ['Display P3', false],
])('a profile named %j is sRGB: %s', (name, expected) => {
  expect(isSrgbProfile(described(name))).toBe(expected);
});

test('a damaged profile is not sRGB', async () => {
  const profile = await profileOf(photo());

  for (const end of [0, 100, 130, 200, 400]) expect(isSrgbProfile(profile.subarray(0, end))).toBe(false);
});

import sharp from 'sharp';

/** A picture without a face. */
export function blankPng(): Promise<Buffer> {
  return sharp({ create: { width: 64, height: 64, channels: 3, background: '#888' } })
    .png()
    .toBuffer();
}

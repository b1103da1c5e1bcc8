import type Sharp from 'sharp';

/** The decoders that may see an uploaded file; in libvips' names, HEIF is the container of AVIF. */
const DECODERS = ['Jpeg', 'Png', 'Webp', 'Nsgif', 'Tiff', 'Heif'];

let loading: Promise<typeof Sharp> | undefined;

/**
 * sharp, loaded at the first image and not before: it costs 60 to 140 ms of a cold start.
 *
 * For the whole process it is set to decode nothing but the formats above – no SVG, PDF or ImageMagick, whoever
 * asks – to keep no results, since no two images are alike, and to use one thread an image: images run side by side.
 */
export function loadSharp(): Promise<typeof Sharp> {
  loading ??= import('sharp').then(({ default: sharp }) => {
    sharp.block({ operation: ['VipsForeignLoad'] });
    sharp.unblock({ operation: DECODERS.map((name) => `VipsForeignLoad${name}`) });
    sharp.cache(false);
    sharp.concurrency(1);
    return sharp;
  });
  return loading;
}

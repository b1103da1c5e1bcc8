import type Sharp from 'sharp';

/** The decoders that may read an uploaded file, by libvips' names. HEIF is the container of AVIF. */
const DECODERS = ['Jpeg', 'Png', 'Webp', 'Nsgif', 'Tiff', 'Heif'];

let loading: Promise<typeof Sharp> | undefined;

/**
 * Loads sharp at the first image, because loading takes 60 to 140 ms of a cold start.
 *
 * Configures it for the whole process: it decodes only the formats above – no SVG, PDF or ImageMagick – caches
 * nothing, since no two images are alike, and uses one thread per image, since images run in parallel.
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

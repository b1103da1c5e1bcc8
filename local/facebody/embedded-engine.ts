import type { Picture, Pictures } from '../../shared/faces/picture.ts';
import { DEFAULT_IMAGE_BOUNDS } from '../../shared/images/image.ts';
import { readCapacity } from '../../shared/runtime/capacity.ts';

/** The local engine in a process, started with the first picture, so that a cloud without pictures loads no model. */
export function createEmbeddedEngine(): Pick<Pictures<Picture>, 'open' | 'close'> {
  let opening: Promise<Pictures<Picture>> | undefined;
  const open = async (): Promise<Pictures<Picture>> => {
    const { createPicturePool } = await import('../../shared/faces/pictures/pool.ts');
    const { pictureBudget } = await import('../../shared/faces/pictures/capacity.ts');
    return createPicturePool({
      engine: {},
      workers: 1,
      maxWaiting: MAX_WAITING,
      memoryBytes: pictureBudget(readCapacity(), 1),
      maxPictureMb: DEFAULT_IMAGE_BOUNDS.maxPictureMb,
    });
  };
  return {
    async open(bytes, options) {
      opening ??= open();
      return (await opening).open(bytes, options);
    },
    async close() {
      await (await opening)?.close();
    },
  };
}

/** More than the quota of any account lets through. */
const MAX_WAITING = 1000;

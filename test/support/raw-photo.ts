import sharp from 'sharp';
import { type TiffField, tiffDirectory, tiffHead } from './tiff.ts';

export interface RawPhotoOptions {
  /** Colour of the preview. */
  readonly background: string;
  readonly previewWidth: number;
  readonly previewHeight: number;
  /** EXIF orientation of the photo. @default 1 */
  readonly orientation?: number;
  /** How the directory of the preview refers to it. @default 'strip' */
  readonly place?: 'strip' | 'offset';
  /** Whether the file says that it is a DNG. Otherwise only its first picture says that it is a thumbnail. @default true */
  readonly isDng?: boolean;
}

/** A raw photo as cameras write it: a red thumbnail first, below it a preview in JPEG, then the sensor's values. */
export async function rawPhoto({
  background,
  previewWidth: width,
  previewHeight: height,
  orientation = 1,
  place = 'strip',
  isDng = true,
}: RawPhotoOptions): Promise<Buffer> {
  const preview = await sharp({ create: { width, height, channels: 3, background } })
    .jpeg()
    .toBuffer();
  const thumbnail = Buffer.alloc(16 * 12 * 3);
  for (let at = 0; at < thumbnail.length; at += 3) thumbnail[at] = 255;
  const pieces: Buffer[] = [];
  let end = 8;
  const put = (make: (at: number) => Buffer): number => {
    const at = end;
    const bytes = make(at);
    pieces.push(bytes, Buffer.alloc(bytes.length & 1));
    end += bytes.length + (bytes.length & 1);
    return at;
  };
  const thumbnailAt = put(() => thumbnail);
  const previewAt = put(() => preview);
  const sensor = put((at) => tiffDirectory([...size(4000, 3000), [254, 4, [0]], [262, 3, [32803]]], 0, at));
  const reference: TiffField[] =
    place === 'strip'
      ? [
          [273, 4, [previewAt]],
          [279, 4, [preview.length]],
        ]
      : [
          [513, 4, [previewAt]],
          [514, 4, [preview.length]],
        ];
  const below = put((at) =>
    tiffDirectory([...size(width, height), [254, 4, [1]], [259, 3, [7]], [262, 3, [6]], ...reference], 0, at),
  );
  const first = put((at) =>
    tiffDirectory(
      [
        ...size(16, 12),
        [254, 4, [1]],
        [258, 3, [8, 8, 8]],
        [259, 3, [1]],
        [262, 3, [2]],
        [273, 4, [thumbnailAt]],
        [274, 3, [orientation]],
        [277, 3, [3]],
        [278, 4, [12]],
        [279, 4, [thumbnail.length]],
        [330, 4, isDng ? [below, sensor] : [below]],
        ...(isDng ? ([[50706, 1, [1, 4, 0, 0]]] as const) : []),
      ],
      0,
      at,
    ),
  );
  return Buffer.concat([tiffHead(first), ...pieces]);
}

function size(width: number, height: number): TiffField[] {
  return [
    [256, 4, [width]],
    [257, 4, [height]],
  ];
}

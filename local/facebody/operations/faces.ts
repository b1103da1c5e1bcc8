import { parseJson } from '../../http/decode.ts';
import { FaceBodyRefusal } from '../errors.ts';
import type { Form } from '../form.ts';
import { qualityOf } from './lists.ts';
import { dbName, entityId } from './names.ts';
import type { Operation, OperationRequest } from './operation.ts';
import { GALLERY_PICTURE } from './search-face.ts';

const MAX_EXTRA_DATA_LENGTH = 512;
/** doc: faces per batch. */
const MAX_BATCH = 5;

/** doc: adds the largest face of the picture, if it is within the limits that the request sets. */
export const addFace: Operation = async (request) => {
  const { form } = request;
  const { faceId, quality } = await add(request, {
    url: form.requiredText('ImageUrl'),
    extraData: form.text('ExtraData', { maxLength: MAX_EXTRA_DATA_LENGTH }),
  });
  return { FaceId: faceId, QualitieScore: quality };
};

/** doc: succeeds even if some of the faces fail. sdk: `Faces` is the JSON of a list. */
export const batchAddFaces: Operation = async (request) => {
  const inserted: unknown[] = [];
  const failed: unknown[] = [];
  // A fault of the request as a whole is not reported per face.
  request.galleries.entity(dbName(request.form), entityId(request.form));
  for (const { ImageURL, ExtraData } of batchOf(request.form)) {
    try {
      const { faceId, quality } = await add(request, { url: ImageURL, extraData: ExtraData });
      inserted.push({ ImageURL, FaceId: faceId, QualitieScore: quality });
    } catch (error) {
      if (!(error instanceof FaceBodyRefusal)) throw error;
      failed.push({ ImageURL, Code: error.code, Message: error.message });
    }
  }
  return { InsertedFaces: inserted, FailedFaces: failed };
};

export const deleteFace: Operation = async ({ form, galleries }) => {
  await galleries.deleteFace(dbName(form), form.requiredText('FaceId'));
};

async function add(
  { form, host, galleries, pictures }: OperationRequest,
  { url, extraData }: { url: string; extraData: string | undefined },
): Promise<{ faceId: string; quality: number }> {
  const threshold = (name: string) => form.number(name, { min: 0, max: 100 }) ?? 0;
  const db = dbName(form);
  const entity = entityId(form);
  galleries.entity(db, entity);
  const face = await pictures.largestFace(await pictures.download(url, host), GALLERY_PICTURE);
  const quality = qualityOf(face);
  const minQuality = threshold('QualityScoreThreshold');
  if (quality < minQuality) {
    // guess: the code; doc: that a lower quality is refused.
    throw new FaceBodyRefusal(
      'ClientError.IllegalArgument',
      `The quality score ${quality.toFixed(2)} is below ${minQuality}.`,
    );
  }
  const { faceId } = await galleries.addFace(db, entity, face.embedding, {
    extraData,
    within: threshold('SimilarityScoreThresholdInEntity'),
    between: threshold('SimilarityScoreThresholdBetweenEntity'),
  });
  return { faceId, quality };
}

interface BatchItem {
  readonly ImageURL: string;
  readonly ExtraData: string | undefined;
}

function batchOf(form: Form): BatchItem[] {
  const malformed = () =>
    new FaceBodyRefusal(
      'ParameterError',
      `The parameter Faces must be a JSON list of 1 to ${MAX_BATCH} faces.`,
    );
  const items = parseJson(form.requiredText('Faces'), malformed);
  if (!Array.isArray(items) || items.length === 0 || items.length > MAX_BATCH) throw malformed();
  return items.map((item: Partial<BatchItem> | null) => {
    if (typeof item?.ImageURL !== 'string') throw malformed();
    return { ImageURL: item.ImageURL, ExtraData: item.ExtraData };
  });
}

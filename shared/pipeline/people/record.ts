import * as z from 'zod/mini';
import { REFUSAL_REASONS } from '../../faces/gallery/gate.ts';
import type { ObjectStore } from '../../oss/object-store.ts';
import { readText } from '../../oss/read-text.ts';
import { resultDocument } from '../../results/document.ts';
import { identityMetadata } from '../../results/identity.ts';
import { type ResultKeys, resultKeys } from '../../results/keys.ts';
import { parseJson } from '../../runtime/json.ts';

export const enrolmentRecord = z.strictObject({
  schemaVersion: z.literal(1),
  outcome: z.enum(['enrolled', 'refused', 'invalid', 'failed']),
  person: z.string(),
  source: resultDocument.shape.source,
  gallery: z.string(),
  engine: z.strictObject({ name: z.string(), version: z.string() }),
  face: z.optional(
    z
      .strictObject({
        id: z.string().check(z.describe('Names the face within the gallery')),
        box: z.strictObject({ x: z.number(), y: z.number(), width: z.number(), height: z.number() }),
        quality: z.optional(z.number()),
      })
      .check(z.describe('The enrolled face')),
  ),
  refusal: z.optional(
    z.strictObject({
      reason: z.enum(REFUSAL_REASONS),
      message: z.string(),
      other: z.optional(z.string().check(z.describe('The person whom the face resembles'))),
    }),
  ),
  error: z.optional(z.strictObject({ code: z.string(), message: z.string() })),
});

/** The content of `enrolment.json`: the result for one photo of a person. It never contains an embedding. */
export type EnrolmentRecord = z.infer<typeof enrolmentRecord>;

/** The published JSON Schema. */
export function enrolmentJsonSchema(): unknown {
  return {
    $id: 'urn:mnsoss-face:schema:enrolment:1',
    title: 'What became of one photo that was to enrol a person',
    ...z.toJSONSchema(enrolmentRecord, { target: 'draft-2020-12' }),
  };
}

export const RECORD_NAME = 'enrolment.json';

/** Where the record of a photo is stored: beside the results that an image with this key would have. */
export function enrolmentKeys(prefix: string, source: { bucket: string; key: string }): ResultKeys {
  const keys = resultKeys(prefix, source);
  return { ...keys, document: keys.document.replace(/[^/]+$/, RECORD_NAME) };
}

/** `undefined` when there is no record, or the object is not a record. */
export async function readRecord(
  store: ObjectStore,
  key: string,
  signal?: AbortSignal,
): Promise<EnrolmentRecord | undefined> {
  const found = await readText(store, key, signal);
  return found && z.safeParse(enrolmentRecord, parseJson(found.text)).data;
}

export async function writeRecord(
  store: ObjectStore,
  key: string,
  record: EnrolmentRecord,
  signal?: AbortSignal,
): Promise<void> {
  await store.put(key, Buffer.from(`${JSON.stringify(record, null, 2)}\n`), {
    contentType: 'application/json',
    metadata: identityMetadata(record.source, { failure: record.error?.code }),
    signal,
  });
}

import * as z from 'zod/mini';
import { canonicalName } from '../../faces/gallery/person-name.ts';
import type { ObjectHead, ObjectStore } from '../../oss/object-store.ts';
import { readText } from '../../oss/read-text.ts';
import { fixedPrefix } from '../../results/keys.ts';
import { AppError } from '../../runtime/errors.ts';
import { parseJson } from '../../runtime/json.ts';
import { RECORD_NAME } from './record.ts';

/** Documents that are fetched ahead of the current one. */
const AHEAD = 16;

const RESULT_NAME = 'faces.json';

/** The fields that are read; all other fields of a document stay as they are. */
const shape = z.looseObject({
  source: z.looseObject({ bucket: z.string(), key: z.string() }),
  person: z.optional(z.string()),
  refusal: z.optional(z.looseObject({ other: z.optional(z.string()) })),
  faces: z.optional(
    z.array(
      z.looseObject({
        match: z.optional(z.looseObject({ person: z.optional(z.string()) })),
        crop: z.optional(z.string()),
      }),
    ),
  ),
  artifacts: z.optional(z.looseObject({ annotated: z.optional(z.string()) })),
});

export type MentioningContent = z.infer<typeof shape>;

/** A result document or an enrolment record that names a person. */
export interface Mention {
  readonly head: ObjectHead;
  /** A copy that the caller may change and pass to `rewrite`. */
  readonly content: MentioningContent;
  /** Indices of the faces that are matched to the person. */
  readonly faces: readonly number[];
  /** Whether it records the enrolment of a photo of this person. */
  readonly enrolment: boolean;
}

/** A document that changes in each of these passes is being processed all the time. */
const MAX_PASSES = 5;

/**
 * Calls `change` for every document that names the person. `change` resolves to `false` when the document was replaced
 * in the meantime; then another pass follows. Throws `ServiceUnavailable` after `MAX_PASSES`.
 */
export async function changeMentions(
  { results, resultPrefix, signal }: { results: ObjectStore; resultPrefix: string; signal?: AbortSignal },
  person: string,
  change: (mention: Mention) => Promise<boolean>,
): Promise<void> {
  for (let pass = 0; pass < MAX_PASSES; pass++) {
    let complete = true;
    for await (const mention of findMentions(results, resultPrefix, person, signal)) {
      if (!(await change(mention))) complete = false;
    }
    if (complete) return;
  }
  throw new AppError('ServiceUnavailable', `results that name the person changed in ${MAX_PASSES} passes`);
}

/** All documents below the result prefix that name the person, in key order. Reads every document. `person` is in NFC. */
export async function* findMentions(
  results: ObjectStore,
  resultPrefix: string,
  person: string,
  signal?: AbortSignal,
): AsyncGenerator<Mention> {
  const prefix = fixedPrefix(resultPrefix);
  const ahead: Promise<Mention | undefined>[] = [];
  for await (const { key } of results.list({ prefix, signal })) {
    const name = key.slice(key.lastIndexOf('/') + 1);
    if (name !== RESULT_NAME && name !== RECORD_NAME) continue;
    const reading = readMention(results, key, person, signal);
    reading.catch(() => {}); // Awaited later, or never when an earlier one fails.
    ahead.push(reading);
    if (ahead.length < AHEAD) continue;
    const mention = await ahead.shift();
    if (mention) yield mention;
  }
  for (const reading of ahead) {
    const mention = await reading;
    if (mention) yield mention;
  }
}

async function readMention(
  results: ObjectStore,
  key: string,
  person: string,
  signal: AbortSignal | undefined,
): Promise<Mention | undefined> {
  const read = await readText(results, key, signal);
  // A name appears in the text as JSON encodes it, so most documents need not be parsed.
  if (!read || !canonicalName(read.text).includes(JSON.stringify(person))) return undefined;
  const content = parse(read.text);
  if (!content) return undefined;
  const isMeant = (name: string | undefined) => name !== undefined && canonicalName(name) === person;
  const faces = (content.faces ?? []).flatMap(({ match }, i) => (isMeant(match?.person) ? [i] : []));
  const enrolment = isMeant(content.person);
  const named = faces.length > 0 || enrolment || isMeant(content.refusal?.other);
  return named ? { head: read.head, content, faces, enrolment } : undefined;
}

/** `undefined` when the text is not a document of this project. */
function parse(text: string): MentioningContent | undefined {
  const content = parseJson(text);
  // Not the schema's output: its fields have another order.
  return z.safeParse(shape, content).success ? (content as MentioningContent) : undefined;
}

/** Replaces the document with the changed content. Resolves to `false` when another write replaced it since it was read. */
export async function rewrite(
  results: ObjectStore,
  { head: { key, etag, contentType, metadata }, content }: { head: ObjectHead; content: unknown },
  signal?: AbortSignal,
): Promise<boolean> {
  const options = { signal };
  const now = await results.head(key, options);
  if (now?.etag !== etag) return false;
  const bytes = Buffer.from(`${JSON.stringify(content, null, 2)}\n`);
  await results.put(key, bytes, { contentType, metadata, ...options });
  return true;
}

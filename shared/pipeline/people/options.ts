import { AppError } from '../../runtime/errors.ts';
import { defineOptions, flag, type OptionsOf, oneOf, readOptions, text } from '../../runtime/options.ts';
import { keyPrefix } from '../key-prefix-option.ts';
import type { PipelineOptions } from '../options.ts';

const PREFIX = /^.{1,255}\/$/;

/** Everything that configures who is known and how faces are compared with them. */
export const PEOPLE_OPTIONS = defineOptions({
  gallery: {
    env: 'GALLERY',
    ...oneOf('off', 'oss', 'facebody'),
    default: 'off',
    about:
      'Where known people are kept: `off` for no people; `oss` for embeddings in the result bucket, with the local engine; `facebody` for a face database of FaceBody.',
  },
  peoplePrefix: {
    env: 'PEOPLE_PREFIX',
    ...keyPrefix('key prefix that ends with a slash', PREFIX),
    default: 'people/',
    about:
      'A photo at `<prefix><person>/<anything>` enrols the person; deleting it removes that face. The event rule must cover this prefix.',
  },
  galleryPrefix: {
    env: 'GALLERY_PREFIX',
    ...keyPrefix('key prefix that ends with a slash', PREFIX),
    default: 'gallery/',
    about:
      'Where the gallery `oss` is stored. Its objects contain embeddings, which are personal data: give read access only to this function.',
  },
  galleryDb: {
    env: 'GALLERY_DB',
    ...text('name of 1–64 lower-case letters, digits and `_`', /^[a-z0-9_]{1,64}$/),
    default: 'mnsoss_face',
    about:
      'The face database of the gallery `facebody`; created if it does not exist. An account has at most 10.',
  },
  index: {
    env: 'INDEX',
    ...oneOf('off', 'oss'),
    default: 'off',
    about:
      'Where the faces of all pictures are kept, so that they can be grouped, named and found: `off` for nowhere; `oss` for the result bucket. These are biometric data of everybody in the pictures. Needs `GALLERY=oss`.',
  },
  indexPrefix: {
    env: 'INDEX_PREFIX',
    ...text('key prefix that ends with a slash', PREFIX),
    default: 'index/',
    about:
      'Where the index `oss` is stored. Its objects contain embeddings: give read access only to this function.',
  },
  factsPrefix: {
    env: 'FACTS_PREFIX',
    ...text('key prefix that ends with a slash', PREFIX),
    default: 'facts/',
    about: 'Where the facts that people state about faces are stored, one small object each.',
  },
  bestScore: {
    env: 'BEST_SCORE',
    ...flag,
    default: true,
    about:
      'Whether an unknown face in the results has its similarity to the nearest person, without the name.',
  },
});

export type PeopleOptions = OptionsOf<typeof PEOPLE_OPTIONS>;

/** Reads the options of known people. Throws `ConfigInvalid` when prefixes overlap: objects of one would count as objects of the other. */
export function readPeopleOptions(env: NodeJS.ProcessEnv, pipeline: PipelineOptions): PeopleOptions {
  const options = readOptions(PEOPLE_OPTIONS, env);
  if (options.index !== 'off' && options.gallery !== 'oss') {
    throw new AppError(
      'ConfigInvalid',
      `INDEX=${options.index} needs embeddings: set GALLERY=oss, or INDEX=off`,
    );
  }
  if (options.gallery === 'off') return options;
  const prefixes = {
    SOURCE_PREFIX: pipeline.sourcePrefix,
    RESULT_PREFIX: pipeline.resultPrefix,
    PEOPLE_PREFIX: options.peoplePrefix,
    GALLERY_PREFIX: options.galleryPrefix,
    INDEX_PREFIX: options.indexPrefix,
    FACTS_PREFIX: options.factsPrefix,
  };
  const pairs = Object.entries(prefixes);
  for (const [name, prefix] of pairs) {
    const inside = pairs.find(([other, outer]) => other !== name && prefix.startsWith(outer));
    if (!inside) continue;
    throw new AppError(
      'ConfigInvalid',
      `${name} ${JSON.stringify(prefix)} is inside ${inside[0]} ${JSON.stringify(inside[1])}: choose prefixes that do not contain each other`,
    );
  }
  return options;
}

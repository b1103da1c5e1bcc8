import type { FaceEngine } from '../../faces/engine.ts';
import type { OpenBucket } from '../../oss/object-store.ts';
import { type PipelineOptions, readPipelineOptions } from '../options.ts';
import type { Result } from '../outcome.ts';
import type { EnrolmentDeps } from '../people/enrol.ts';
import { type PeopleOptions, readPeopleOptions } from '../people/options.ts';
import { createPipeline, type Pipeline } from '../pipeline.ts';
import type { PictureDeps, PictureTask, Presign } from '../process-picture.ts';
import { createRecognition, recognitionTask } from '../recognize.ts';
import { openEngine } from './engine.ts';
import type { EngineDeps } from './engine-deps.ts';
import { assertGalleryFits, openGallery } from './gallery.ts';
import { type Once, once } from './once.ts';
import { openSeen, type Seen } from './seen.ts';

export interface FaceRecognitionDeps extends EngineDeps {
  readonly openBucket: OpenBucket;
  readonly presign?: Presign;
  /** An engine that is already open; the caller closes it. Without it, the engine of the options is opened and closed. */
  readonly engine?: FaceEngine;
}

/** Engine, galleries and pipeline, as the environment configures them. Everything is opened when it is first needed. */
export interface FaceRecognition {
  readonly options: { readonly pipeline: PipelineOptions; readonly people: PeopleOptions };
  /** The first call opens the engine. A failure is thrown to the caller, and the next call tries again. */
  pipeline(): Promise<Pipeline>;
  engine(): Promise<FaceEngine>;
  /** The known people of a bucket. Throws `ConfigInvalid` for `GALLERY=off`. */
  people(bucket: string, region: string): Promise<EnrolmentDeps>;
  /** Everybody seen in the pictures of a bucket; `undefined` for `INDEX=off`. */
  seen(bucket: string, region: string): Promise<Seen | undefined>;
  /** Starts what the first picture needs: a process with decoder, renderer and models, or the SDK. */
  warmUp(): Promise<void>;
  close(): Promise<void>;
}

/** The known people of one gallery, and the tasks that use it. */
interface People {
  readonly deps: EnrolmentDeps;
  readonly seen: Seen | undefined;
  readonly recognition: PictureTask<Result>;
  readonly enrolment: PictureTask<Result>;
}

/** Reads the configuration. Throws `ConfigInvalid` or `LoopRefused`. */
export function composeFaceRecognition(deps: FaceRecognitionDeps): FaceRecognition {
  const { env, clock, logger, openBucket, presign, engine: given } = deps;
  const options = readPipelineOptions(env);
  const peopleOptions = readPeopleOptions(env, options);
  const engine = once(async () => given ?? openEngine(options.engine, deps));
  const pictureDeps = async (): Promise<PictureDeps> => ({
    engine: await engine.get(),
    options,
    openBucket,
    presign,
    clock,
    logger,
  });
  const opened = new Map<string, Once<People>>();

  const peopleOf = (bucket: string, region: string): Promise<People> => {
    // The gallery in OSS is stored beside the results; a database of FaceBody serves all buckets.
    const home = peopleOptions.gallery === 'oss' ? (options.resultBucket ?? bucket) : '';
    const people = opened.get(home) ?? once(() => openPeople(home, region));
    opened.set(home, people);
    return people.get();
  };

  const openPeople = async (bucket: string, region: string): Promise<People> => {
    const base = await pictureDeps();
    const gallery = await openGallery(peopleOptions, { ...deps, engine: base.engine, bucket, region });
    const store = openBucket(bucket, region);
    const seen = await openSeen(peopleOptions, { store, engine: base.engine, gallery, clock, logger });
    const enrolment = { ...base, gallery, options: { ...options, ...peopleOptions } };
    const { enrolmentTask } = await import('../people/enrol.ts');
    return {
      deps: enrolment,
      seen,
      recognition: recognitionTask({
        ...enrolment,
        index: seen?.index,
        bestScore: peopleOptions.bestScore,
      }),
      enrolment: enrolmentTask(enrolment),
    };
  };

  const pipeline = once(async (): Promise<Pipeline> => {
    const base = await pictureDeps();
    if (peopleOptions.gallery === 'off') return createRecognition(base);
    assertGalleryFits(peopleOptions, base.engine);
    return createPipeline<Result>({
      clock,
      logger,
      async taskFor({ bucket, region, key }) {
        const { recognition, enrolment } = await peopleOf(bucket, region);
        return key.startsWith(peopleOptions.peoplePrefix) ? enrolment : recognition;
      },
    });
  });

  return {
    options: { pipeline: options, people: peopleOptions },
    pipeline: pipeline.get,
    engine: engine.get,
    people: async (bucket, region) => (await peopleOf(bucket, region)).deps,
    async seen(bucket, region) {
      return peopleOptions.index === 'off' ? undefined : (await peopleOf(bucket, region)).seen;
    },
    async warmUp() {
      const warmEngine = async () => (await engine.get()).warmUp();
      await Promise.all([pipeline.get(), warmEngine()]);
    },
    async close() {
      for (const each of opened.values()) {
        const people = await each.opened();
        await people?.seen?.index.close();
        await people?.deps.gallery.close();
      }
      if (!given) await (await engine.opened())?.close();
    },
  };
}

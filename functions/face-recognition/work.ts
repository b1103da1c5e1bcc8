import type { FaceEngine } from '../../shared/faces/engine.ts';
import type { OpenBucket } from '../../shared/oss/object-store.ts';
import { createDispatch, type Dispatch } from '../../shared/pipeline/dispatch.ts';
import type { Presign } from '../../shared/pipeline/image-source.ts';
import type { PipelineOptions } from '../../shared/pipeline/options.ts';
import type { PeopleOptions } from '../../shared/pipeline/people-options.ts';
import { createPipeline } from '../../shared/pipeline/process.ts';
import type { Logger } from '../../shared/runtime/log.ts';
import type { EngineParts } from './engine-parts.ts';
import { type Once, once } from './once.ts';
import { assertGalleryFits, openGallery } from './people.ts';

export interface WorkParts extends EngineParts {
  readonly options: PipelineOptions;
  readonly people: PeopleOptions;
  readonly engine: FaceEngine;
  readonly openBucket: OpenBucket;
  readonly presign: Presign;
  readonly logger: Logger;
}

/** What is done about an event. */
export interface Work {
  readonly dispatch: Dispatch;
  /** The engine stays open. */
  close(): Promise<void>;
}

/** Puts together what configuration asks for. Where nobody is known, nothing of the gallery is loaded. */
export function openWork(parts: WorkParts): Work {
  const { options, people } = parts;
  const { peoplePrefix } = people;
  if (people.gallery === 'off') {
    return {
      dispatch: createDispatch({ recognize: createPipeline(parts), peoplePrefix }),
      async close() {},
    };
  }
  assertGalleryFits(people, parts.engine);
  const opened = new Map<string, Once<Work>>();
  return {
    async dispatch(event, context) {
      const { region } = event;
      // A database of FaceBody is one for all buckets; the gallery in OSS lies beside the results.
      const bucket = people.gallery === 'oss' ? (options.resultBucket ?? event.bucket) : '';
      const work = opened.get(bucket) ?? once(() => openWithGallery(parts, bucket, region));
      opened.set(bucket, work);
      return (await work.get()).dispatch(event, context);
    },
    async close() {
      for (const work of opened.values()) await (await work.opened())?.close();
    },
  };
}

async function openWithGallery(parts: WorkParts, bucket: string, region: string): Promise<Work> {
  const { options, people } = parts;
  const { createEnrolment } = await import('../../shared/pipeline/enrol.ts');
  const gallery = await openGallery(people, { ...parts, bucket, region });
  return {
    dispatch: createDispatch({
      recognize: createPipeline({ ...parts, gallery, bestScore: people.bestScore }),
      enrol: createEnrolment({ ...parts, gallery, options: { ...options, ...people } }),
      peoplePrefix: people.peoplePrefix,
    }),
    close: gallery.close,
  };
}

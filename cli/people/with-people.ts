import { openEngine } from '../../functions/face-recognition/engine.ts';
import { openGallery, readPeopleOptions } from '../../functions/face-recognition/people.ts';
import type { EnrolmentParts } from '../../shared/pipeline/enrol.ts';
import type { ForgetParts } from '../../shared/pipeline/forget.ts';
import { readPipelineOptions } from '../../shared/pipeline/options.ts';
import { systemClock } from '../../shared/runtime/clock.ts';
import { silentLogger } from '../../shared/runtime/log.ts';
import { inPlace, type PlaceOptions } from './place.ts';

/** What the commands about people work with; the engine loads its models only when a photo is looked at. */
export interface People {
  readonly enrolment: EnrolmentParts;
  readonly forgetting: ForgetParts;
  readonly bucket: string;
  readonly region: string;
}

/** Runs `work` on people, beside whatever program serves them. */
export function withPeople(options: PlaceOptions, work: (people: People) => Promise<void>): Promise<void> {
  return inPlace(options, async ({ env, credentials, openBucket, bucket, region }) => {
    const pipeline = readPipelineOptions(env);
    const people = readPeopleOptions(env, pipeline);
    const common = { clock: systemClock, logger: silentLogger, openBucket };
    const surroundings = { ...common, env, credentials, random: Math.random };
    const engine = await openEngine(pipeline.engine, surroundings);
    const gallery = await openGallery(people, {
      ...surroundings,
      bucket: pipeline.resultBucket ?? bucket,
      region,
      engine,
    });
    try {
      await work({
        enrolment: { ...common, engine, gallery, options: { ...pipeline, ...people } },
        forgetting: {
          gallery,
          source: openBucket(bucket),
          results: openBucket(pipeline.resultBucket ?? bucket),
          peoplePrefix: people.peoplePrefix,
          resultPrefix: pipeline.resultPrefix,
        },
        bucket,
        region,
      });
    } finally {
      await gallery.close();
      await engine.close();
    }
  });
}

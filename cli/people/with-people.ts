import { composeFaceRecognition } from '../../shared/pipeline/compose/recognition.ts';
import type { ApplyDeps } from '../../shared/pipeline/people/apply.ts';
import type { EnrolmentDeps } from '../../shared/pipeline/people/enrol.ts';
import type { ForgetDeps } from '../../shared/pipeline/people/forget.ts';
import { systemClock } from '../../shared/runtime/clock.ts';
import { AppError } from '../../shared/runtime/errors.ts';
import { silentLogger } from '../../shared/runtime/log.ts';
import { type PeopleOptions, withPeopleTarget } from './people-target.ts';

/** The dependencies of the people commands. The engine loads its models when the first photo is analyzed. */
export interface People {
  readonly enrolment: EnrolmentDeps;
  readonly forgetting: ForgetDeps;
  /** Absent where faces are not kept. */
  readonly applying?: ApplyDeps;
  readonly bucket: string;
  readonly region: string;
}

/** Runs `work` on the people of a bucket, in addition to the program that serves them. */
export function withPeople(options: PeopleOptions, work: (people: People) => Promise<void>): Promise<void> {
  return withPeopleTarget(options, async ({ bucket, region, ...target }) => {
    const recognition = composeFaceRecognition({
      ...target,
      clock: systemClock,
      random: Math.random,
      logger: silentLogger,
    });
    try {
      const enrolment = await recognition.people(bucket, region);
      const { gallery, openBucket, options } = enrolment;
      const { peoplePrefix, resultPrefix, resultBucket = bucket } = options;
      const [source, results] = [openBucket(bucket), openBucket(resultBucket)];
      const forgetting = { gallery, source, results, peoplePrefix, resultPrefix };
      const seen = await recognition.seen(bucket, region);
      const { indexPrefix } = recognition.options.people;
      const applying = seen && { seen, openBucket, region, results, options, indexPrefix };
      await work({ enrolment, forgetting, applying, bucket, region });
    } finally {
      await recognition.close();
    }
  });
}

/** Runs `work` on everybody seen in a bucket. Throws `ConfigInvalid` where faces are not kept. */
export function withSeen(
  options: PeopleOptions,
  work: (applying: ApplyDeps & { readonly bucket: string }) => Promise<void>,
): Promise<void> {
  return withPeople(options, async ({ enrolment, applying, bucket }) => {
    if (!applying) throw notKept(enrolment.options.engine);
    await work({ ...applying, bucket });
  });
}

function notKept(engine: string): AppError {
  return new AppError(
    'ConfigInvalid',
    engine === 'facebody'
      ? 'FaceBody gives no embeddings, so faces cannot be grouped, searched or compared later: set ENGINE=local'
      : 'INDEX=off: no face is kept: set INDEX=oss and GALLERY=oss',
  );
}

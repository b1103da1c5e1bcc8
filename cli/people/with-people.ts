import { composeFaceRecognition } from '../../shared/pipeline/compose/recognition.ts';
import type { EnrolmentDeps } from '../../shared/pipeline/people/enrol.ts';
import type { ForgetDeps } from '../../shared/pipeline/people/forget.ts';
import { systemClock } from '../../shared/runtime/clock.ts';
import { silentLogger } from '../../shared/runtime/log.ts';
import { type PeopleOptions, withPeopleTarget } from './people-target.ts';

/** The dependencies of the people commands. The engine loads its models when the first photo is analyzed. */
export interface People {
  readonly enrolment: EnrolmentDeps;
  readonly forgetting: ForgetDeps;
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
      await work({ enrolment, forgetting, bucket, region });
    } finally {
      await recognition.close();
    }
  });
}

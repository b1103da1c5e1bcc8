import { openEngine } from '../../functions/face-recognition/engine.ts';
import { openGallery, readPeopleOptions } from '../../functions/face-recognition/people.ts';
import { faceSurroundings, withLocalGallery } from '../../local/loopback-faces.ts';
import type { EnrolmentParts } from '../../shared/pipeline/enrol.ts';
import type { ForgetParts } from '../../shared/pipeline/forget.ts';
import { readPipelineOptions } from '../../shared/pipeline/options.ts';
import { systemClock } from '../../shared/runtime/clock.ts';
import { silentLogger } from '../../shared/runtime/log.ts';
import { bucketOf, withRunningCloud } from '../running-cloud.ts';

/** What the commands about people work with; the engine loads its models only when a photo is looked at. */
export interface People {
  readonly enrolment: EnrolmentParts;
  readonly forgetting: ForgetParts;
  readonly bucket: string;
  readonly region: string;
}

/** Runs `work` on the people of a running local cloud, beside the process that serves it. */
export function withPeople(dataDir: string, work: (people: People) => Promise<void>): Promise<void> {
  return withRunningCloud(dataDir, async (client, connection) => {
    const { env, credentials } = faceSurroundings(withLocalGallery(process.env), connection);
    const options = readPipelineOptions(env);
    const people = readPeopleOptions(env, options);
    const bucket = bucketOf(connection, undefined);
    const { region } = connection;
    const surroundings = {
      env,
      credentials,
      clock: systemClock,
      random: Math.random,
      logger: silentLogger,
    };
    const engine = await openEngine(options.engine, surroundings);
    const openBucket = client.bucket;
    const gallery = await openGallery(people, {
      ...surroundings,
      openBucket,
      bucket,
      region,
      engine,
    });
    const source = openBucket(bucket);
    const results = openBucket(options.resultBucket ?? bucket);
    try {
      await work({
        enrolment: {
          openBucket,
          engine,
          gallery,
          options: { ...options, ...people },
          clock: systemClock,
          logger: silentLogger,
        },
        forgetting: {
          gallery,
          source,
          results,
          peoplePrefix: people.peoplePrefix,
          resultPrefix: options.resultPrefix,
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

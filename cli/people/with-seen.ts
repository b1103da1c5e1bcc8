import { composeFaceRecognition } from '../../shared/pipeline/compose/recognition.ts';
import type { ApplyDeps } from '../../shared/pipeline/people/apply.ts';
import { systemClock } from '../../shared/runtime/clock.ts';
import { AppError } from '../../shared/runtime/errors.ts';
import { silentLogger } from '../../shared/runtime/log.ts';
import { type PeopleOptions, withPeopleTarget } from './people-target.ts';

/** Runs `work` on everybody seen in a bucket. Throws `ConfigInvalid` where faces are not kept. */
export function withSeen(
  options: PeopleOptions,
  work: (deps: ApplyDeps & { readonly bucket: string }) => Promise<void>,
): Promise<void> {
  return withPeopleTarget(options, async ({ bucket, region, ...target }) => {
    const recognition = composeFaceRecognition({
      ...target,
      clock: systemClock,
      random: Math.random,
      logger: silentLogger,
    });
    try {
      const { pipeline, people } = recognition.options;
      if (people.index === 'off') throw notKept(pipeline.engine);
      const seen = (await recognition.seen(bucket, region))!;
      const results = target.openBucket(pipeline.resultBucket ?? bucket, region);
      const { openBucket } = target;
      await work({
        seen,
        openBucket,
        region,
        bucket,
        results,
        options: pipeline,
        indexPrefix: people.indexPrefix,
      });
    } finally {
      await recognition.close();
    }
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

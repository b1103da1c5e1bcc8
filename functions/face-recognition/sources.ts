import * as z from 'zod/mini';
import type { OssObjectEvent } from '../../shared/envelope/event.ts';
import { AppError } from '../../shared/runtime/errors.ts';
import { listOf } from '../../shared/runtime/options.ts';

/** A bucket whose events are processed. `*` stands for any region or account. */
interface Source {
  readonly region: string;
  readonly account: string;
  readonly bucket: string;
}

type Origin = Pick<OssObjectEvent, 'bucket' | 'region'> & Partial<Pick<OssObjectEvent, 'accountId'>>;

const PATTERN =
  /^(?:acs:oss:(?<region>\*|[a-z0-9-]+):(?<account>\*|\d{1,32}):)?(?<bucket>[a-z0-9][a-z0-9-]{1,61}[a-z0-9])$/;

/** Comma-separated: `<bucket>` or `acs:oss:<region>:<account>:<bucket>`. */
export const sourceBuckets = listOf<Source>(
  z.pipe(
    z.string().check(z.regex(PATTERN)),
    z.transform((text) => {
      const { region = '*', account = '*', bucket = '' } = PATTERN.exec(text)!.groups!;
      return { region, account, bucket };
    }),
  ) as z.ZodMiniType<Source, unknown>,
);

/** Throws `SourceRefused` for an event of a bucket that is not among the sources. No sources: every bucket is one. */
export function assertSource(origin: Origin, sources: readonly Source[]): void {
  if (sources.length === 0 || sources.some((source) => covers(source, origin))) return;
  const { region, accountId = '*', bucket } = origin;
  throw new AppError('SourceRefused', `acs:oss:${region}:${accountId}:${bucket} is not in SOURCE_BUCKETS`, {
    details: { region, account: accountId, bucket },
  });
}

/** A request for one object names no account. */
function covers(source: Source, { region, accountId, bucket }: Origin): boolean {
  const fits = (expected: string, given: string) => expected === '*' || expected === given;
  return (
    source.bucket === bucket &&
    fits(source.region, region) &&
    (accountId === undefined || fits(source.account, accountId))
  );
}

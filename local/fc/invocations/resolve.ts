import type { Random } from '../../../shared/runtime/random.ts';
import { FcRefusal } from '../errors.ts';
import type { AsyncConfigRecord, FunctionRecord, VersionRecord } from '../store/records.ts';

export const LATEST = 'LATEST';

/** The version that a qualifier means; of an alias with weights one is drawn. Throws `VersionNotFound`, `AliasNotFound`. */
export function resolveVersion(record: FunctionRecord, qualifier: string, random: Random): VersionRecord {
  if (qualifier === '' || qualifier === LATEST) return record.latest;
  const alias = record.aliases.find(({ aliasName }) => aliasName === qualifier);
  const versionId = alias ? drawVersion(alias, random) : qualifier;
  const version = record.versions.find((candidate) => candidate.versionId === versionId);
  if (version) return version;
  if (/^\d+$/.test(versionId)) {
    throw new FcRefusal(
      'VersionNotFound',
      `version '${versionId}' of function '${record.name}' does not exist`,
    );
  }
  throw new FcRefusal('AliasNotFound', `alias '${qualifier}' of function '${record.name}' does not exist`);
}

/** doc: the weights are shares of the invocations; the rest goes to the version of the alias. */
function drawVersion(
  { versionId, additionalVersionWeight }: FunctionRecord['aliases'][number],
  random: Random,
): string {
  let rest = random();
  for (const [version, weight] of Object.entries(additionalVersionWeight)) {
    rest -= weight;
    if (rest < 0) return version;
  }
  return versionId;
}

/** guess: a version or an alias without a configuration of its own has that of LATEST. */
export function asyncConfigOf(record: FunctionRecord, qualifier: string): Partial<AsyncConfigRecord> {
  return record.asyncConfigs[qualifier] ?? record.asyncConfigs[LATEST] ?? {};
}

import type { FunctionSettings } from '../settings/function.ts';
import type { AsyncInvokeSettings, ProvisionSettings, ScalingSettings } from '../settings/scaling.ts';

/** The code of a version: an unpacked zip, or a folder of this machine that is used as it is. */
export type Code =
  | {
      /** CRC-64 of the zip, in decimal. */
      readonly checksum: string;
      /** Bytes of the zip. */
      readonly size: number;
    }
  | { readonly folder: string };

export interface VersionRecord {
  /** `LATEST`, or a number that counts from 1. */
  readonly versionId: string;
  readonly description: string;
  readonly settings: FunctionSettings;
  readonly code: Code;
  /** ISO 8601 */
  readonly created: string;
  /** ISO 8601 */
  readonly modified: string;
}

export interface AliasRecord {
  readonly aliasName: string;
  readonly versionId: string;
  readonly description: string;
  /** Shares of the invocations, by version: from 0 to 1 each. */
  readonly additionalVersionWeight: Readonly<Record<string, number>>;
  readonly created: string;
  readonly modified: string;
}

export interface TriggerRecord {
  readonly triggerName: string;
  readonly triggerType: string;
  /** JSON, as it was given. */
  readonly triggerConfig: string;
  readonly qualifier: string;
  readonly sourceArn?: string;
  readonly invocationRole?: string;
  readonly description: string;
  readonly triggerId: string;
  readonly created: string;
  readonly modified: string;
}

export interface AsyncConfigRecord extends AsyncInvokeSettings {
  readonly created: string;
  readonly modified: string;
}

/** Everything about one function. */
export interface FunctionRecord {
  readonly name: string;
  readonly id: string;
  /** Its service in Function Compute 2.0. @default requests may name any service */
  readonly service?: string;
  readonly latest: VersionRecord;
  /** In the order of their publication. */
  readonly versions: readonly VersionRecord[];
  /** The number of the version that was published last, deleted ones included. */
  readonly lastVersion: number;
  readonly aliases: readonly AliasRecord[];
  readonly triggers: readonly TriggerRecord[];
  /** By qualifier. */
  readonly asyncConfigs: Readonly<Record<string, AsyncConfigRecord>>;
  readonly provision: Readonly<Record<string, ProvisionSettings>>;
  readonly scaling: Readonly<Record<string, ScalingSettings>>;
  readonly reservedConcurrency?: number;
  readonly tags: Readonly<Record<string, string>>;
  /** Why it must not be invoked. */
  readonly disabled?: string;
  /** Path of the Node that runs it. @default the Node of this process */
  readonly node?: string;
}

/** `acs:fc:<region>:<account>:functions/<name>` */
export function functionArn(
  { region, accountId }: { region: string; accountId: string },
  name: string,
): string {
  return `acs:fc:${region}:${accountId}:functions/${name}`;
}

import type { Credentials } from '../../../shared/runtime/credentials.ts';

export interface Hook {
  /** `index.initialize`; for a custom runtime any text. */
  readonly handler: string;
  readonly timeoutSeconds: number;
}

/** What an instance runs: one version of a function. */
export interface InstanceConfig {
  readonly name: string;
  readonly service?: string;
  /** `LATEST`, or the number of a version. */
  readonly versionId: string;
  /** Absolute path. */
  readonly codeDir: string;
  readonly handler: string;
  readonly initializer?: Hook;
  readonly preStop?: Hook;
  readonly environment: Readonly<Record<string, string>>;
  readonly timeoutSeconds: number;
  readonly memoryMb: number;
  readonly node?: string;
  /** The program of a custom runtime. @default the managed runtime */
  readonly command?: readonly string[];
  /** The configured port of a custom runtime. @default 9000 */
  readonly port?: number;
  /** Calls that one instance takes at once. */
  readonly concurrency: number;
}

/** The keys of the function's role; `undefined` without a role. Throws if the role cannot be assumed. */
export type IssueRoleKeys = () => Credentials | undefined;

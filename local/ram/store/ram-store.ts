import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import pLimit from 'p-limit';
import type { DataFolder } from '../../disk/data-folder.ts';
import { createDurableFiles } from '../../disk/durable-files.ts';
import { readSealedFile } from '../../disk/sealed-file.ts';
import { writeSealed } from '../../disk/sealed-json.ts';

export type PolicyType = 'System' | 'Custom';

export interface StoredRole {
  readonly name: string;
  readonly id: string;
  readonly description: string;
  /** Who may assume it: the JSON as it was given. */
  readonly trust: string;
  readonly maxSessionSeconds: number;
  /** ISO 8601 */
  readonly created: string;
  readonly policies: readonly {
    readonly name: string;
    readonly type: PolicyType;
    readonly attached: string;
  }[];
  /** The service of a service-linked role. */
  readonly service?: string;
}

export interface StoredPolicy {
  readonly name: string;
  readonly description: string;
  /** ISO 8601 */
  readonly created: string;
  /** In the order of their creation. */
  readonly versions: readonly { readonly id: string; readonly text: string; readonly created: string }[];
  readonly defaultVersion: string;
}

interface RamState {
  readonly roles: readonly StoredRole[];
  readonly policies: readonly StoredPolicy[];
}

/** Roles and policies of one account, in `ram.json` of the data folder, or in memory if there is no folder. */
export interface RamStore {
  /** doc: names of roles are unique without regard to case. */
  role(name: string): StoredRole | undefined;
  /** In the order of their creation. */
  roles(): readonly StoredRole[];
  policy(name: string): StoredPolicy | undefined;
  policies(): readonly StoredPolicy[];
  /** Adds the role or policy, or replaces the one of that name. */
  putRole(role: StoredRole): Promise<void>;
  putPolicy(policy: StoredPolicy): Promise<void>;
  deleteRole(name: string): Promise<void>;
  deletePolicy(name: string): Promise<void>;
  reset(): Promise<void>;
}

/** Where the roles and policies are. */
export function ramFile({ path }: Pick<DataFolder, 'path'>): string {
  return join(path, 'ram.json');
}

export async function openRamStore(data: DataFolder | undefined): Promise<RamStore> {
  const file = data && ramFile(data);
  const files = createDurableFiles(true);
  const known = (data && (await readSealedFile<RamState>(ramFile(data), data))) ?? {
    roles: [],
    policies: [],
  };
  const roles = new Map(known.roles.map((role) => [role.name.toLowerCase(), role]));
  const policies = new Map(known.policies.map((policy) => [policy.name, policy]));
  // Each write holds all that came before it, so writes follow each other.
  const inTurn = pLimit(1);
  const save = async (): Promise<void> => {
    if (file === undefined || data === undefined) return;
    await inTurn(async () => {
      const state: RamState = { roles: [...roles.values()], policies: [...policies.values()] };
      await mkdir(data.path, { recursive: true });
      await writeSealed(file, state, files);
    });
  };

  return {
    role: (name) => roles.get(name.toLowerCase()),
    roles: () => [...roles.values()],
    policy: (name) => policies.get(name),
    policies: () => [...policies.values()],
    putRole(role) {
      roles.set(role.name.toLowerCase(), role);
      return save();
    },
    putPolicy(policy) {
      policies.set(policy.name, policy);
      return save();
    },
    deleteRole(name) {
      roles.delete(name.toLowerCase());
      return save();
    },
    deletePolicy(name) {
      policies.delete(name);
      return save();
    },
    reset() {
      roles.clear();
      policies.clear();
      return save();
    },
  };
}

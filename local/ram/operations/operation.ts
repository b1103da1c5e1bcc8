import type { Clock } from '../../../shared/runtime/clock.ts';
import type { Random } from '../../../shared/runtime/random.ts';
import type { KeyHolder } from '../../access/keyring.ts';
import type { Sts } from '../../access/sts.ts';
import { hexId } from '../../http/ids.ts';
import { RamRefusal } from '../errors.ts';
import type { RamStore, StoredRole } from '../store/ram-store.ts';

export interface OperationDeps {
  readonly store: RamStore;
  readonly sts: Pick<Sts, 'issue'>;
  readonly accountId: string;
  readonly clock: Clock;
  readonly random: Random;
}

export type Parameters = ReadonlyMap<string, string>;

/** Returns the fields of the answer besides `RequestId`. */
export type Operation = (
  parameters: Parameters,
  deps: OperationDeps,
  caller: KeyHolder,
) => object | Promise<object>;

export function required(parameters: Parameters, name: string): string {
  const value = parameters.get(name);
  if (value) return value;
  throw new RamRefusal('MissingParameter', `The parameter ${name} is needed but was not given.`);
}

/** Throws `EntityNotExist.Role`. */
export function roleOf(parameters: Parameters, { store }: OperationDeps): StoredRole {
  const name = required(parameters, 'RoleName');
  const role = store.role(name);
  if (role) return role;
  // The wording is that of recorded answers.
  throw new RamRefusal('EntityNotExist.Role', `The role not exists: ${name}`);
}

/** doc: ARNs of roles are in lower case. */
export function arnOf(role: string, accountId: string): string {
  return `acs:ram::${accountId}:role/${role.toLowerCase()}`;
}

export function isoNow({ clock }: Pick<OperationDeps, 'clock'>): string {
  return new Date(clock.now()).toISOString().replace(/\.\d{3}Z$/, 'Z');
}

/** 15 to 19 digits, as ids of RAM are. */
export function newEntityId({ random }: Pick<OperationDeps, 'random'>): string {
  return String(BigInt(`0x1${hexId(random, 14)}`));
}

import pLimit from 'p-limit';
import * as z from 'zod/mini';
import { canonicalName } from '../faces/gallery/person-name.ts';
import { createStamps } from '../faces/index/stamps.ts';
import type { ObjectStore } from '../oss/object-store.ts';
import { readText } from '../oss/read-text.ts';
import type { Clock } from '../runtime/clock.ts';
import { AppError, isAppError } from '../runtime/errors.ts';
import { parseJson } from '../runtime/json.ts';
import { type Fact, factSchema, type Statement } from './facts.ts';

/** The facts of one bucket, each an immutable object of its own. */
export interface FactStore {
  /** All facts, from the earliest to the latest. Reads only those that this instance has not read. */
  read(signal?: AbortSignal): Promise<readonly Fact[]>;
  /** Records facts; they are durable and in this order when it returns. Throws `FactInvalid`. */
  state(statements: readonly Statement[], by?: string): Promise<readonly Fact[]>;
  /** Removes facts of a person who is forgotten. To take a fact back, state `undo`. */
  remove(ids: readonly string[], signal?: AbortSignal): Promise<void>;
}

export interface FactStoreOptions {
  readonly store: ObjectStore;
  /** Key prefix of the facts; ends with a slash and contains nothing else. */
  readonly prefix: string;
  readonly clock: Clock;
  /** Makes a unique text of `[A-Za-z0-9]`. */
  readonly newId: () => string;
}

const SUFFIX = '.json';
const PARALLEL_REQUESTS = 16;

export function createFactStore({ store, prefix, clock, newId }: FactStoreOptions): FactStore {
  const known = new Map<string, Fact>();
  let latest = '';
  // A fact must sort after those that its author has seen, also when the clocks of two authors differ.
  const newStamp = createStamps({ now: () => Math.max(clock.now(), timeOfStamp(latest) + 1) }, newId);

  const keep = (fact: Fact): void => {
    known.set(fact.id, fact);
    if (fact.id > latest) latest = fact.id;
  };

  const readOne = async (id: string, signal?: AbortSignal): Promise<void> => {
    const key = `${prefix}${id}${SUFFIX}`;
    const found = await readText(store, key, signal);
    if (!found) return;
    const fact = z.safeParse(factSchema, parseJson(found.text));
    if (!fact.success || fact.data.id !== id) {
      throw new AppError('FactInvalid', `${key} is not a fact`, { details: { key } });
    }
    keep(fact.data);
  };

  const read = async (signal?: AbortSignal): Promise<readonly Fact[]> => {
    const ids: string[] = [];
    for await (const { key } of store.list({ prefix, signal })) {
      if (key.endsWith(SUFFIX)) ids.push(key.slice(prefix.length, -SUFFIX.length));
    }
    const unread = ids.filter((id) => !known.has(id));
    await pLimit(PARALLEL_REQUESTS).map(unread, (id) => readOne(id, signal));
    // The subject of a removed fact was forgotten.
    const present = new Set(ids);
    for (const id of known.keys()) if (!present.has(id)) known.delete(id);
    return [...known.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
  };

  return {
    read,

    async state(statements, by) {
      await read();
      const facts: Fact[] = [];
      for (const statement of statements) {
        const id = newStamp();
        const together = facts[0]?.id ?? id;
        const fact = z.safeParse(factSchema, { ...canonical(statement), id, by, together });
        if (!fact.success) throw new AppError('FactInvalid', z.prettifyError(fact.error));
        try {
          await store.put(`${prefix}${id}${SUFFIX}`, Buffer.from(`${JSON.stringify(fact.data)}\n`), {
            contentType: 'application/json',
            forbidOverwrite: true,
          });
        } catch (error) {
          // The id is unique: an earlier attempt of this request has written it, and its answer was lost.
          if (!isAppError(error, 'ObjectAlreadyExists')) throw error;
        }
        keep(fact.data);
        facts.push(fact.data);
      }
      return facts;
    },

    async remove(ids, signal) {
      await pLimit(PARALLEL_REQUESTS).map(ids, (id) => store.delete(`${prefix}${id}${SUFFIX}`, { signal }));
      for (const id of ids) known.delete(id);
    },
  };
}

/** A person has one name, however it is written. */
function canonical(statement: Statement): Statement {
  return 'person' in statement ? { ...statement, person: canonicalName(statement.person) } : statement;
}

function timeOfStamp(id: string): number {
  return Number(id.slice(0, 14)) || -1;
}

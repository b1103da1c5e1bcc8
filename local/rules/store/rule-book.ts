import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import pLimit from 'p-limit';
import { AppError } from '../../../shared/runtime/errors.ts';
import { createDurableFiles } from '../../disk/durable-files.ts';
import { isSameJson } from '../../disk/same-json.ts';
import { parseStored, readIfExists } from '../../disk/stored-file.ts';
import { type ProvisionDeps, provision } from '../provision.ts';
import { checkOverlap, checkRule, type EventRule, MAX_RULES, type NewEventRule } from '../rule.ts';

/** The event rules of one account. */
export interface RuleBook {
  /** Also creates the topic and its subscriptions. Throws `ConfigInvalid` that says what is wrong. */
  create(spec: NewEventRule): Promise<EventRule>;
  /** Creates the rule, or replaces the one of that name if it differs. */
  ensure(spec: NewEventRule): Promise<EventRule>;
  get(name: string): EventRule | undefined;
  /** In the order of their creation. */
  list(): EventRule[];
  /** Returns `false` if there is no such rule. The topic stays, as in the console. */
  delete(name: string): Promise<boolean>;
  /** Deletes all rules. */
  reset(): Promise<void>;
}

/** Keeps the rules in `rules.json` in the data folder, or in memory if there is no folder. */
export async function openRuleBook(
  options: ProvisionDeps & { readonly dataDir?: string },
): Promise<RuleBook> {
  const storage = createStorage(options.dataDir);
  let rules = await storage.load();
  // Rules are checked against each other, so changes happen one after the other.
  const inTurn = pLimit(1);
  const replace = async (next: EventRule[]) => {
    await storage.save(next);
    rules = next;
  };

  const add = async (spec: NewEventRule, others: readonly EventRule[]) => {
    checkRule(spec);
    if (others.some(({ name }) => name === spec.name)) {
      const message = `an event rule ${spec.name} exists already; rules cannot be changed`;
      throw new AppError('ConfigInvalid', message);
    }
    if (others.length >= MAX_RULES) {
      throw new AppError(
        'ConfigInvalid',
        `there are ${MAX_RULES} event rules already, the limit of a region`,
      );
    }
    checkOverlap(spec, others);
    const rule = await provision(spec, options);
    await replace([...others, rule]);
    return rule;
  };
  const without = (name: string) => rules.filter((rule) => rule.name !== name);

  return {
    create: (spec) => inTurn(() => add(spec, rules)),
    ensure: (spec) =>
      inTurn(async () => {
        const before = rules.find(({ name }) => name === spec.name);
        if (before && isSameJson({ ...before, ...spec }, before)) return before;
        return add(spec, without(spec.name));
      }),
    get: (name) => rules.find((rule) => rule.name === name),
    list: () => [...rules],
    delete: (name) =>
      inTurn(async () => {
        const rest = without(name);
        if (rest.length === rules.length) return false;
        await replace(rest);
        return true;
      }),
    reset: () => inTurn(() => replace([])),
  };
}

function createStorage(dataDir: string | undefined) {
  if (dataDir === undefined) return { load: async (): Promise<EventRule[]> => [], save: async () => {} };
  const file = path.join(dataDir, 'rules.json');
  const files = createDurableFiles(true);
  return {
    async load(): Promise<EventRule[]> {
      const text = await readIfExists(file);
      return text === undefined ? [] : parseStored(text, file);
    },
    async save(rules: readonly EventRule[]): Promise<void> {
      await fs.mkdir(dataDir, { recursive: true });
      await files.write(file, JSON.stringify(rules, null, 2));
    },
  };
}

import * as path from 'node:path';
import pLimit from 'p-limit';
import { AppError } from '../../../shared/runtime/errors.ts';
import { type DataFolder, failAtStart } from '../../disk/data-folder.ts';
import { type Journal, type JournalFiles, memoryJournal, openJournal } from '../../disk/journal.ts';
import { isSameJson } from '../../disk/same-json.ts';
import { readIfExists } from '../../disk/stored-file.ts';
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
  close(): Promise<void>;
}

/** A new rule, the deletion of one, or of all. */
type RuleRecord = { readonly rule: EventRule } | { readonly deleted: string } | 'reset';

export interface RuleBookOptions extends ProvisionDeps {
  /** Without it, the rules are only in memory. */
  readonly data: DataFolder | undefined;
}

/** Keeps the rules in `rules/log` in the data folder, or in memory. */
export async function openRuleBook(options: RuleBookOptions): Promise<RuleBook> {
  const { data } = options;
  let rules: readonly EventRule[] = [];
  const apply = (record: RuleRecord) => {
    if (record === 'reset') rules = [];
    else if ('deleted' in record) rules = rules.filter(({ name }) => name !== record.deleted);
    else rules = [...rules.filter(({ name }) => name !== record.rule.name), record.rule];
  };
  const journal: Journal<RuleRecord> = data
    ? await openJournal({
        ...ruleFiles(data),
        data,
        apply,
        snapshot: () => ['reset' as const, ...rules.map((rule) => ({ rule }))],
      })
    : memoryJournal();
  // Rules are checked against each other, so changes happen one after the other.
  const inTurn = pLimit(1);
  const commit = async (record: RuleRecord) => {
    await journal.append([record]);
    apply(record);
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
    await commit({ rule });
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
        if (!rules.some((rule) => rule.name === name)) return false;
        await commit({ deleted: name });
        return true;
      }),
    reset: () => inTurn(() => commit('reset')),
    close: journal.close,
  };
}

export function ruleFiles({ path: folder }: DataFolder): JournalFiles {
  return { folder: path.join(folder, 'rules', 'log'), fileV1: path.join(folder, 'rules.json'), readV1 };
}

/** Version 0.1 kept an array of rules. */
const readV1: JournalFiles['readV1'] = async (file, data, apply) => {
  const text = await readIfExists(file);
  if (text === undefined) return false;
  try {
    for (const rule of JSON.parse(text) as EventRule[]) (apply as (record: unknown) => void)({ rule });
  } catch {
    failAtStart({ what: data.relative(file), problem: 'is damaged: its event rules are lost' }, data);
  }
  return true;
};

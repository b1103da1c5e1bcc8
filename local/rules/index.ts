import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { queueAddress } from '../../shared/mns/account.ts';
import type { Clock } from '../../shared/runtime/clock.ts';
import { AppError } from '../../shared/runtime/errors.ts';
import { type Logger, silentLogger } from '../../shared/runtime/log.ts';
import { createDurableFiles } from '../durable-files.ts';
import type { NotificationTarget } from '../types.ts';
import type { EventEmitterPort, ObjectChange } from './change.ts';
import { encodeNotification } from './notification.ts';
import { checkOverlap, checkRule, type EventRule, MAX_RULES, matches, type NewEventRule } from './rule.ts';

export type { EventEmitterPort, ObjectChange } from './change.ts';
export type { EventRule, MatchResource, NewEventRule, RuleEndpoint } from './rule.ts';

export interface EventRulesOptions {
  /** Rules are kept in `rules.json` there; absent: in memory. */
  readonly dataDir?: string | undefined;
  readonly region: string;
  readonly accountId: string;
  readonly target: NotificationTarget;
  readonly clock: Clock;
  readonly logger?: Logger;
}

export interface EventRules extends EventEmitterPort {
  /** Makes the topic and its subscriptions too. Throws `ConfigInvalid` saying what is wrong. */
  create(spec: NewEventRule): Promise<EventRule>;
  /** Creates the rule, in the place of one of that name that says something else. */
  ensure(spec: NewEventRule): Promise<EventRule>;
  get(name: string): EventRule | undefined;
  /** In the order of their creation. */
  list(): EventRule[];
  /** False when there was none. The topic stays, as in the console. */
  delete(name: string): Promise<boolean>;
  /** Forgets all rules. */
  reset(): Promise<void>;
}

export async function createEventRules(options: EventRulesOptions): Promise<EventRules> {
  const { region, target, logger = silentLogger } = options;
  const storage = createStorage(options.dataDir);
  let rules = await storage.load();
  // Rules are checked against each other, so changes happen one after the other.
  let turn: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const mine = turn.then(work, work);
    turn = mine.catch(() => {});
    return mine;
  };
  const replace = async (next: EventRule[]) => {
    await storage.save(next);
    rules = next;
  };

  const add = async (spec: NewEventRule, others: readonly EventRule[]) => {
    checkRule(spec);
    if (others.some(({ name }) => name === spec.name)) {
      throw new AppError(
        'ConfigInvalid',
        `an event rule ${spec.name} exists already; rules cannot be changed`,
      );
    }
    if (others.length >= MAX_RULES) {
      throw new AppError('ConfigInvalid', `there are ${MAX_RULES} event rules already, the most of a region`);
    }
    checkOverlap(spec, others);
    const rule = await provision(spec, options);
    await replace([...others, rule]);
    return rule;
  };

  return {
    create: (spec) => inTurn(() => add(spec, rules)),
    ensure: (spec) =>
      inTurn(async () => {
        const before = rules.find(({ name }) => name === spec.name);
        if (before && isDeepStrictEqual({ ...before, ...spec }, before)) return before;
        return add(
          spec,
          rules.filter((rule) => rule !== before),
        );
      }),
    get: (name) => rules.find((rule) => rule.name === name),
    list: () => [...rules],
    delete: (name) =>
      inTurn(async () => {
        const rest = rules.filter((rule) => rule.name !== name);
        if (rest.length === rules.length) return false;
        await replace(rest);
        return true;
      }),
    reset: () => inTurn(() => replace([])),
    async emit(change) {
      const matching = rules.filter((rule) => matches(rule, change.eventName, change.bucket, change.key));
      if (matching.length === 0) return 'unmatched';
      try {
        await Promise.all(matching.map((rule) => deliver(rule, change)));
        return 'published';
      } catch (error) {
        // doc: notification never fails the operation; the answer's header tells.
        logger.error(
          { requestId: change.requestId, eventName: change.eventName, cause: String(error) },
          'event was not published',
        );
        return 'failed';
      }
    },
  };

  function deliver(rule: EventRule, change: ObjectChange): Promise<void> {
    const body = encodeNotification(change, rule.name, region);
    if (rule.topic !== undefined) return target.publish(rule.topic, body);
    const [endpoint] = rule.endpoints;
    if (endpoint?.type !== 'queue')
      throw new AppError('ConfigInvalid', `rule ${rule.name} has neither topic nor queue`);
    return target.send(endpoint.name, body);
  }
}

/** Makes what a broadcast rule needs in MNS, under the names the console gives; a topic of one's own needs nothing. */
async function provision(
  spec: NewEventRule,
  { region, accountId, target, clock }: EventRulesOptions,
): Promise<EventRule> {
  const { name, endpoints, delivery = 'broadcast', format = 'SIMPLIFIED' } = spec;
  const created = clock.now();
  if (delivery === 'direct') return { ...spec, delivery, format, created };
  const [first] = endpoints;
  if (first?.type === 'topic') return { ...spec, delivery, format, created, topic: first.name };
  const topic = `mns-en-topics-oss-${name}-${created}`;
  await target.createTopic(topic);
  for (const [index, endpoint] of endpoints.entries()) {
    const address =
      endpoint.type === 'http' ? endpoint.url : queueAddress({ region, accountId }, endpoint.name);
    await target.subscribe(topic, `mns-en-subs-oss-${name}-${index + 1}-${created}`, address, { format });
  }
  return { ...spec, delivery, format, created, topic };
}

function createStorage(dataDir: string | undefined) {
  if (dataDir === undefined) return { load: async (): Promise<EventRule[]> => [], save: async () => {} };
  const file = path.join(dataDir, 'rules.json');
  const files = createDurableFiles(true);
  return {
    async load(): Promise<EventRule[]> {
      let text: string;
      try {
        text = await fs.readFile(file, 'utf8');
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
        throw error;
      }
      try {
        return JSON.parse(text);
      } catch (cause) {
        throw new AppError('StorageCorrupt', `${file} is not the JSON that was written there`, { cause });
      }
    },
    async save(rules: readonly EventRule[]): Promise<void> {
      await fs.mkdir(dataDir, { recursive: true });
      await files.write(file, JSON.stringify(rules, null, 2));
    },
  };
}

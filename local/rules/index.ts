import { acs3ActionOf, createAcs3Verifier } from '../access/acs3.ts';
import { createKeyring } from '../access/keyring.ts';
import { dataFolderOf } from '../disk/data-folder.ts';
import { matches } from '../events/filter.ts';
import { notificationOf } from '../events/notification.ts';
import type { NotificationTarget } from '../events/notification-target.ts';
import type { EventPublisher } from '../events/object-change.ts';
import { upperUuid } from '../http/ids.ts';
import type { Service, ServiceOptions } from '../http/service.ts';
import { RuleRefusal } from './errors.ts';
import { createListener, writeRefusal } from './listener.ts';
import { deliveryOf } from './provision.ts';
import { openRuleBook, type RuleBook } from './store/rule-book.ts';

export type { MatchResource } from '../events/filter.ts';
export type { EventRule, NewEventRule, RuleEndpoint } from './rule.ts';

export interface EventRulesOptions extends ServiceOptions {
  /** Where notifications go. */
  readonly target: NotificationTarget;
}

/** The event rules between OSS and MNS, with their management API, which MNS serves on its address. */
export interface EventRules extends Service, EventPublisher, Omit<RuleBook, 'reset' | 'close'> {}

export async function createEventRules(options: EventRulesOptions): Promise<EventRules> {
  const { region, target, clock, random, logger } = options;
  const keyring = createKeyring(options);
  const { accountId } = keyring.owner;
  const rules = await openRuleBook({ ...options, accountId, data: dataFolderOf(options) });
  const refuse = (code: ConstructorParameters<typeof RuleRefusal>[0]) => new RuleRefusal(code);
  const verify = createAcs3Verifier({ keyring, clock, refuse });

  return {
    ...rules,
    listener: createListener({ rules, keyring, verify, random, logger }),
    operationOf: acs3ActionOf,
    refuse(request, response, kind) {
      const refusal = new RuleRefusal(kind === 'error' ? 'InternalError' : 'Throttling', 'Injected fault.');
      writeRefusal(request, response, refusal, upperUuid(random));
    },
    async emit(change) {
      const matching = rules.list().filter((rule) => matches(rule, change));
      if (matching.length === 0) return 'unmatched';
      try {
        await Promise.all(
          matching.map((rule) => {
            const body = Buffer.from(notificationOf(change, rule.name, region)).toString('base64');
            return deliveryOf(rule, target)(body);
          }),
        );
        return 'published';
      } catch (error) {
        // doc: a notification never fails the operation; a header of the answer reports it.
        const { requestId, eventName } = change;
        logger.error({ requestId, eventName, cause: String(error) }, 'event was not published');
        return 'failed';
      }
    },
    close: rules.close,
  };
}

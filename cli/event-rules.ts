import type { ruleData } from '../local/rules/operations/rule-parameters.ts';
import type { Connection } from '../local/start/connection.ts';
import { staticCredentials } from '../shared/runtime/credentials.ts';
import { createOpenApi, type OpenApi } from './open-api.ts';

/** A rule as GetEventRule returns it, without what it derives. Names and prefixes begin with the bucket. */
export type RuleData = Omit<ReturnType<typeof ruleData>, 'Endpoint' | 'TopicName'>;

/** The event rules of a running cloud, through the management API that Terraform calls too. */
export interface EventRulesClient {
  list(): Promise<RuleData[]>;
  create(rule: RuleData): Promise<void>;
  delete(name: string): Promise<void>;
  close(): void;
}

/** Throws `InvalidRequest` with the service's code and message. */
export function createEventRulesClient({ mnsUrl, account }: Connection): EventRulesClient {
  const api = createOpenApi({ credentials: staticCredentials(account) });
  return { ...eventRules(api, mnsUrl), close: api.close };
}

const VERSION = '2022-01-19';

/** @param endpoint that of MNS on this machine, or `https://mns-open.<region>.aliyuncs.com` */
export function eventRules(api: OpenApi, endpoint: string): Omit<EventRulesClient, 'close'> {
  const call = async (action: string, parameters: Readonly<Record<string, string>>): Promise<unknown> => {
    const query = { ProductName: 'oss', ...parameters };
    const answer = await api.call({ endpoint, action, version: VERSION, query });
    return (answer as { Data?: unknown }).Data;
  };
  return {
    async list() {
      const data = await call('ListEventRules', { PageSize: '100' });
      return (data as { PageData: RuleData[] }).PageData;
    },
    async create({ RuleName, DeliveryMode, ...lists }) {
      const texts = Object.entries(lists).map(([name, value]) => [name, JSON.stringify(value)]);
      await call('CreateEventRule', { RuleName, DeliveryMode, ...Object.fromEntries(texts) });
    },
    async delete(name) {
      await call('DeleteEventRule', { RuleName: name });
    },
  };
}

import { randomUUID } from 'node:crypto';
import type { ruleData } from '../local/rules/operations/rule-parameters.ts';
import type { Connection } from '../local/start/connection.ts';
import { acs3Authorization, acs3ContentHash } from '../shared/runtime/acs3.ts';
import { encodeRfc3986 } from '../shared/runtime/aliyun-v4.ts';
import { systemClock } from '../shared/runtime/clock.ts';
import { AppError } from '../shared/runtime/errors.ts';
import { createHttpClient, readBody } from '../shared/runtime/http.ts';

/** A rule as GetEventRule returns it, without what it derives. Names and prefixes begin with the bucket. */
export type RuleData = Omit<ReturnType<typeof ruleData>, 'Endpoint' | 'TopicName'>;

/** The event rules of a running cloud, through the management API that Terraform calls too. */
export interface EventRulesClient {
  list(): Promise<RuleData[]>;
  create(rule: RuleData): Promise<void>;
  delete(name: string): Promise<void>;
  close(): void;
}

const VERSION = '2022-01-19';
const TIMEOUT_MS = 10_000;

export function createEventRulesClient({ mnsUrl, account }: Connection): EventRulesClient {
  const http = createHttpClient();
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
    close: http.close,
  };

  /** Throws `InvalidRequest` with the service's code and message. */
  async function call(action: string, parameters: Readonly<Record<string, string>>): Promise<unknown> {
    const url = new URL(mnsUrl);
    const query = Object.entries({ ProductName: 'oss', ...parameters });
    const headers = {
      host: url.host,
      'x-acs-action': action,
      'x-acs-version': VERSION,
      'x-acs-date': `${new Date(systemClock.now()).toISOString().slice(0, 19)}Z`,
      'x-acs-signature-nonce': randomUUID(),
      'x-acs-content-sha256': acs3ContentHash(''),
    };
    const response = await http.send({
      method: 'POST',
      url,
      target: `/?${query.map(([name, value]) => `${name}=${encodeRfc3986(value)}`).join('&')}`,
      headers: {
        ...headers,
        authorization: acs3Authorization(account, { method: 'POST', path: '/', query, headers }),
        'content-length': '0',
      },
      timeoutMs: TIMEOUT_MS,
    });
    const answer = JSON.parse((await readBody(response)).toString('utf8'));
    if (response.status === 200) return answer.Data;
    throw new AppError('InvalidRequest', `${action}: ${answer.Code}: ${answer.Message}`, {
      details: { requestId: answer.RequestId, serviceCode: answer.Code },
    });
  }
}

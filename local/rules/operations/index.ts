import { isAppError } from '../../../shared/runtime/errors.ts';
import type { EventRule, EventRules } from '../index.ts';
import { MnsOpenRefusal } from '../errors.ts';
import { type Parameters, readRule, required, ruleData } from './rule-parameters.ts';

type Rules = Pick<EventRules, 'create' | 'get' | 'list' | 'delete'>;

/** What an action gives back as `Data`. */
export type Action = (parameters: Parameters) => Promise<unknown>;

/** doc: the four actions for event rules of Mns-open 2022-01-19, and the RAM action that each needs. */
export function createActions(rules: Rules): Readonly<Record<string, { run: Action; action: string }>> {
  return {
    CreateEventRule: { run: create, action: 'mns:PutEventNotifications' },
    GetEventRule: { run: get, action: 'mns:GetEventRule' },
    ListEventRules: { run: list, action: 'mns:ListEventRules' },
    DeleteEventRule: { run: remove, action: 'mns:DeleteEventRule' },
  };

  /** guess: the data is the rule's name. */
  async function create(parameters: Parameters): Promise<string> {
    checkProduct(parameters);
    try {
      return (await rules.create(readRule(parameters))).name;
    } catch (error) {
      if (isAppError(error, 'ConfigInvalid', 'QueueNotExist', 'InvalidRequest')) {
        throw new MnsOpenRefusal('InvalidParameter', error.message);
      }
      throw error;
    }
  }

  async function get(parameters: Parameters) {
    checkProduct(parameters);
    return ruleData(known(required(parameters, 'RuleName')));
  }

  /** guess: names and defaults of the page. */
  async function list(parameters: Parameters) {
    checkProduct(parameters);
    const pageNumber = whole(parameters, 'PageNum', 1);
    const pageSize = whole(parameters, 'PageSize', 10);
    const matching = rules.list().filter(({ name }) => name.includes(parameters.get('RuleName') ?? ''));
    const page = matching.slice((pageNumber - 1) * pageSize, pageNumber * pageSize);
    return {
      Total: matching.length,
      Pages: Math.ceil(matching.length / pageSize),
      PageNum: pageNumber,
      PageSize: pageSize,
      Size: page.length,
      PageData: page.map(ruleData),
    };
  }

  async function remove(parameters: Parameters): Promise<void> {
    checkProduct(parameters);
    const { name } = known(required(parameters, 'RuleName'));
    await rules.delete(name);
  }

  function known(name: string): EventRule {
    const rule = rules.get(name);
    if (!rule) throw new MnsOpenRefusal('EventRuleNotExist', `The event rule ${name} does not exist.`);
    return rule;
  }
}

function checkProduct(parameters: Parameters): void {
  if (required(parameters, 'ProductName') !== 'oss') {
    throw new MnsOpenRefusal('InvalidParameter', 'ProductName should be oss.');
  }
}

function whole(parameters: Parameters, name: string, otherwise: number): number {
  const value = Number(parameters.get(name) ?? otherwise);
  if (Number.isInteger(value) && value > 0) return value;
  throw new MnsOpenRefusal('InvalidParameter', `${name} should be a positive integer.`);
}

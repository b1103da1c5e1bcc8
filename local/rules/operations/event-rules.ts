import { isAppError } from '../../../shared/runtime/errors.ts';
import { RuleRefusal } from '../errors.ts';
import type { EventRule } from '../rule.ts';
import type { RuleBook } from '../store/rule-book.ts';
import { type Operation, type Parameters, required } from './operation.ts';
import { readRule, ruleData } from './rule-parameters.ts';

/** guess: the data is the rule's name. */
export const createEventRule: Operation = async (parameters, rules) => {
  try {
    return (await rules.create(readRule(parameters))).name;
  } catch (error) {
    if (isAppError(error, 'ConfigInvalid', 'QueueNotExist', 'InvalidRequest')) {
      throw new RuleRefusal('InvalidParameter', error.message);
    }
    throw error;
  }
};

export const getEventRule: Operation = async (parameters, rules) => ruleData(find(parameters, rules));

/** guess: names and defaults of the page. */
export const listEventRules: Operation = async (parameters, rules) => {
  const pageNumber = positiveInteger(parameters, 'PageNum', 1);
  const pageSize = positiveInteger(parameters, 'PageSize', 10);
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
};

export const deleteEventRule: Operation = async (parameters, rules) => {
  await rules.delete(find(parameters, rules).name);
};

function find(parameters: Parameters, rules: RuleBook): EventRule {
  const name = required(parameters, 'RuleName');
  const rule = rules.get(name);
  if (!rule) throw new RuleRefusal('EventRuleNotExist', `The event rule ${name} does not exist.`);
  return rule;
}

function positiveInteger(parameters: Parameters, name: string, defaultValue: number): number {
  const value = Number(parameters.get(name) ?? defaultValue);
  if (Number.isInteger(value) && value > 0) return value;
  throw new RuleRefusal('InvalidParameter', `${name} should be a positive integer.`);
}

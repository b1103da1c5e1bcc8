import { isAppError } from '../../../shared/runtime/errors.ts';
import { RuleRefusal } from '../errors.ts';
import type { Operation } from './operation.ts';
import { readRule } from './rule-parameters.ts';

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

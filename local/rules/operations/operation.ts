import { RuleRefusal } from '../errors.ts';
import type { RuleBook } from '../store/rule-book.ts';

/** The parameters of a request, by name; objects and arrays are JSON texts, as in RPC style. */
export type Parameters = ReadonlyMap<string, string>;

/** Returns the `Data` of the answer. */
export type Operation = (parameters: Parameters, rules: RuleBook) => Promise<unknown>;

export function required(parameters: Parameters, name: string): string {
  const value = parameters.get(name);
  if (!value) throw new RuleRefusal('MissingParameter', `${name} is required.`);
  return value;
}

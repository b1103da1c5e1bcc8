import { Environment } from '@marcbachmann/cel-js';
import type { Cause } from '../status.ts';
import { isTree, type Tree } from '../types.ts';
import { fieldSchema, type Rule, type Schema } from './schema.ts';

/** Checks `x-kubernetes-validations` of a value and of everything in it. `old` is the replaced value, if any. */
export function checkRules(value: unknown, old: unknown, schema: Schema | undefined, path = ''): Cause[] {
  if (!schema || value === undefined || value === null) return [];
  const causes = (schema['x-kubernetes-validations'] ?? []).flatMap((rule) =>
    checkRule(rule, value, old, schema, path),
  );
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) {
      const before = Array.isArray(old) ? counterpart(item, old, schema) : undefined;
      causes.push(...checkRules(item, before, schema.items, `${path}[${index}]`));
    }
  } else if (isTree(value)) {
    for (const key of Object.keys(value)) {
      const before = isTree(old) ? old[key] : undefined;
      causes.push(...checkRules(value[key], before, fieldSchema(schema, key), path ? `${path}.${key}` : key));
    }
  }
  return causes;
}

/** Only items of lists that are maps have an old value. */
function counterpart(item: unknown, old: readonly unknown[], schema: Schema): unknown {
  const keys = schema['x-kubernetes-list-map-keys'];
  if (!keys || !isTree(item)) return undefined;
  return old.find((other) => isTree(other) && keys.every((key) => other[key] === item[key]));
}

const environment = new Environment({ unlistedVariablesAreDyn: true, homogeneousAggregateLiterals: false })
  .registerVariable('self', 'dyn')
  .registerVariable('oldSelf', 'dyn')
  .registerFunction('isURL(string): bool', (text: string) => URL.canParse(text));

type Program = (context: Tree) => unknown;
const programs = new Map<string, Program>();

/** Compiles an expression once. Throws its error. */
export function compileRule(expression: string): Program {
  let program = programs.get(expression);
  if (!program) {
    program = environment.parse(expression) as unknown as Program;
    programs.set(expression, program);
  }
  return program;
}

function checkRule(rule: Rule, value: unknown, old: unknown, schema: Schema, path: string): Cause[] {
  const isTransition = /\boldSelf\b/.test(rule.rule);
  if (isTransition && old === undefined) return [];
  const context = { self: toCel(value, schema), ...(old !== undefined && { oldSelf: toCel(old, schema) }) };
  const field = rule.fieldPath ? `${path}${rule.fieldPath}` : path;
  try {
    if (compileRule(rule.rule)(context) === true) return [];
  } catch (error) {
    return [
      cause(field, value, rule, `rule "${rule.rule}" could not be evaluated: ${(error as Error).message}`),
    ];
  }
  const said = rule.messageExpression && String(compileRule(rule.messageExpression)(context));
  return [cause(field, value, rule, said || rule.message || `failed rule: ${rule.rule.trim()}`)];
}

function cause(field: string, value: unknown, rule: Rule, what: string): Cause {
  const shown =
    typeof value === 'object' ? `"${Array.isArray(value) ? 'array' : 'object'}"` : JSON.stringify(value);
  const head = rule.reason === 'FieldValueForbidden' ? 'Forbidden' : `Invalid value: ${shown}`;
  return { field, reason: rule.reason ?? 'FieldValueInvalid', message: `${head}: ${what}` };
}

/** Integers of the schema are `int` in CEL, which is BigInt for the library. */
function toCel(value: unknown, schema: Schema | undefined): unknown {
  if (typeof value === 'number') {
    const whole = schema?.type === 'integer' || (schema?.type !== 'number' && Number.isInteger(value));
    return whole ? BigInt(value) : value;
  }
  if (Array.isArray(value)) return value.map((item) => toCel(item, schema?.items));
  if (!isTree(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, toCel(item, fieldSchema(schema, key))]),
  );
}

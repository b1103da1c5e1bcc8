import { parseJson } from '../../../http/decode.ts';
import { FcRefusal } from '../../errors.ts';

/** Whether an event fits a pattern. */
export type Pattern = (event: Readonly<Record<string, unknown>>) => boolean;

type Condition = (value: string) => boolean;

/**
 * Reads a filter pattern of EventBridge: an object of fields with lists, of which one entry has to fit: a text, or
 * `{"prefix": …}`, `{"suffix": …}`, `{"anything-but": …}`, `{"exists": …}`. Throws `InvalidArgument`, or `NotImplemented`
 * for another condition.
 */
export function parsePattern(text: string): Pattern {
  const value = parseJson(text || '{}', (cause) => {
    return new FcRefusal('InvalidArgument', { message: 'eventRuleFilterPattern: is not JSON', cause });
  });
  return patternOf(value, '');
}

function patternOf(value: unknown, path: string): Pattern {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new FcRefusal(
      'InvalidArgument',
      `eventRuleFilterPattern: ${path || 'the pattern'} should be an object`,
    );
  }
  const tests = Object.entries(value).map(([name, wanted]): Pattern => {
    const at = path === '' ? name : `${path}.${name}`;
    if (!Array.isArray(wanted)) {
      const inner = patternOf(wanted, at);
      return (event) => {
        const field = event[name];
        return typeof field === 'object' && field !== null && inner(field as Record<string, unknown>);
      };
    }
    const exists = wanted.find((entry) => typeof entry === 'object' && entry !== null && 'exists' in entry);
    if (exists) return (event) => (event[name] !== undefined) === exists.exists;
    const conditions = wanted.map((entry) => conditionOf(entry, at));
    return (event) => {
      const field = event[name];
      return field !== undefined && conditions.some((condition) => condition(String(field)));
    };
  });
  return (event) => tests.every((test) => test(event));
}

function conditionOf(entry: unknown, path: string): Condition {
  if (typeof entry === 'string' || typeof entry === 'number') return (value) => value === String(entry);
  if (typeof entry === 'object' && entry !== null) {
    const [[kind, argument] = []] = Object.entries(entry);
    if (kind === 'prefix') return (value) => value.startsWith(String(argument));
    if (kind === 'suffix') return (value) => value.endsWith(String(argument));
    if (kind === 'anything-but') return (value) => ![argument].flat().map(String).includes(value);
  }
  throw new FcRefusal(
    'NotImplemented',
    `the local cloud does not know the condition ${JSON.stringify(entry)} of ${path} in a filter pattern`,
  );
}

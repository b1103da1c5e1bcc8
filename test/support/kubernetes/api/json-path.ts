import { at } from './types.ts';

/** The part of JSONPath that printer columns use: `.a.b`, `['a']`, `[0]`, `[*]`, `[?(@.a=="b")]`. */
export function jsonPath(value: unknown, path: string): unknown {
  let found: unknown[] = [value];
  for (const step of path.matchAll(STEP)) {
    const { field, quoted, index, star, left, right } = step.groups!;
    found = found.flatMap((here) => {
      if (left !== undefined) {
        return items(here).filter((item) => String(at(item, ...left.split('.'))) === right);
      }
      if (star) return items(here);
      const key = field ?? quoted ?? Number(index);
      const next = at(here, typeof key === 'string' ? key.replaceAll('\\.', '.') : key);
      return next === undefined || next === null ? [] : [next];
    });
  }
  return found.length > 1
    ? found.map((item) => (typeof item === 'object' ? JSON.stringify(item) : item)).join(' ')
    : found[0];
}

const STEP =
  /\.?(?<field>(?:[\w-]|\\\.)+)|\['(?<quoted>[^']+)'\]|\[(?<index>\d+)\]|\[(?<star>\*)\]|\[\?\(@\.(?<left>[\w.]+)\s*==\s*["'](?<right>[^"']*)["']\)\]/g;

const items = (value: unknown): unknown[] =>
  Array.isArray(value) ? value : Object.values((value ?? {}) as object);

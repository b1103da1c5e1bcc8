import { badRequest } from './status.ts';
import { at, type KubeObject } from './types.ts';

export type Predicate = (object: KubeObject) => boolean;

const everything: Predicate = () => true;

/** `a=b,c!=d,e in (f,g),h,!i` */
export function labelSelector(text: string | null): Predicate {
  if (!text) return everything;
  const tests = splitOutside(text).map(labelTest);
  return ({ metadata }) => tests.every((test) => test(metadata.labels ?? {}));
}

function splitOutside(text: string): string[] {
  return text
    .split(/,(?![^(]*\))/)
    .map((part) => part.trim())
    .filter(Boolean);
}

function labelTest(part: string): (labels: Record<string, string>) => boolean {
  const set = /^(\S+)\s+(in|notin)\s+\(([^)]*)\)$/.exec(part);
  if (set) {
    const values = new Set(set[3]!.split(',').map((value) => value.trim()));
    const wanted = set[2] === 'in';
    return (labels) => (labels[set[1]!] !== undefined && values.has(labels[set[1]!]!)) === wanted;
  }
  const pair = /^([^!=\s]+)\s*(==?|!=)\s*(\S*)$/.exec(part);
  if (pair) return (labels) => (labels[pair[1]!] === pair[3]) === (pair[2] !== '!=');
  if (/^![^\s=]+$/.test(part)) return (labels) => labels[part.slice(1)] === undefined;
  if (/^[^\s=!]+$/.test(part)) return (labels) => labels[part] !== undefined;
  throw badRequest(`unable to parse requirement: ${part}`);
}

/** `metadata.name=a,status.phase!=b`. Custom resources know only the two fields of metadata. */
export function fieldSelector(text: string | null, custom: boolean): Predicate {
  if (!text) return everything;
  const tests = splitOutside(text).map((part): Predicate => {
    const [, path, operator, value] = /^([^!=]+)(==?|!=)(.*)$/.exec(part) ?? [];
    if (!path) throw badRequest(`invalid field selector: ${part}`);
    if (custom && path !== 'metadata.name' && path !== 'metadata.namespace') {
      throw badRequest(`field label not supported: ${path}`);
    }
    return (object) => (String(at(object, ...path.split('.')) ?? '') === value) === (operator !== '!=');
  });
  return (object) => tests.every((test) => test(object));
}

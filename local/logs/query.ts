import { LogRefusal } from './errors.ts';
import type { LogEntry } from './store/log-store.ts';

type Test = (entry: LogEntry) => boolean;

/** Words, quotes, parentheses; `key:` stays with what follows it. */
const TOKEN = /\s*(\(|\)|\||"(?:[^"\\]|\\.)*"|[^\s()":|]+:\s*"(?:[^"\\]|\\.)*"|[^\s()"|]+)/y;

/**
 * The search half of Log Service's query language: words, phrases, `key:value`, `and`, `or`, `not` and parentheses, without
 * regard to case. Throws `LogRefusal` for SQL and for what is not a query.
 */
export function parseQuery(text: string): Test {
  const tokens = tokensOf(text.trim());
  if (tokens.length === 0 || text.trim() === '*') return () => true;
  let at = 0;
  const isNext = (word: string) => tokens[at]?.toLowerCase() === word;

  const either = (): Test => {
    const tests = [both()];
    for (; isNext('or'); ) {
      at++;
      tests.push(both());
    }
    return (entry) => tests.some((test) => test(entry));
  };
  const both = (): Test => {
    const tests = [one()];
    for (; at < tokens.length && !isNext(')') && !isNext('or'); ) {
      if (isNext('and')) at++;
      tests.push(one());
    }
    return (entry) => tests.every((test) => test(entry));
  };
  const one = (): Test => {
    const token = tokens[at++];
    if (token === undefined || token === ')') throw invalid(text);
    if (token.toLowerCase() === 'not') {
      const test = one();
      return (entry) => !test(entry);
    }
    if (token !== '(') return term(token);
    const test = either();
    if (tokens[at++] !== ')') throw invalid(text);
    return test;
  };

  const test = either();
  if (at < tokens.length) throw invalid(text);
  return test;
}

function tokensOf(text: string): string[] {
  const tokens: string[] = [];
  TOKEN.lastIndex = 0;
  for (let match = TOKEN.exec(text); match; match = TOKEN.exec(text)) {
    if (match[1] === '|') throw new LogRefusal('NotImplemented', 'the local cloud runs no SQL on logs');
    tokens.push(match[1]!);
    if (TOKEN.lastIndex === text.length) return tokens;
  }
  if (text !== '') throw invalid(text);
  return tokens;
}

/** A phrase is looked for in every field; guess: as a part of the text, where the service compares whole words. */
function term(token: string): Test {
  const [, key, value] = /^([^":\s]+):\s*(.+)$/s.exec(token) ?? [undefined, undefined, token];
  const wanted = unquote(value!).toLowerCase();
  if (wanted === '*') return () => true;
  const contains = (field: string | undefined) => field?.toLowerCase().includes(wanted) ?? false;
  if (key === undefined) return ({ fields }) => Object.values(fields).some(contains);
  if (key === '__topic__') return ({ topic }) => topic.toLowerCase() === wanted;
  return ({ fields }) => contains(fields[key]);
}

function unquote(text: string): string {
  return text.startsWith('"') ? text.slice(1, -1).replace(/\\(.)/gs, '$1') : text;
}

function invalid(text: string): LogRefusal {
  return new LogRefusal('ParameterInvalid', `the query cannot be parsed: ${text}`);
}

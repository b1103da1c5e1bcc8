import parse, { type Expression } from 'spdx-expression-parse';

/** Licences whose software may be deployed with this project; LGPL because its libraries stay files of their own. */
const ACCEPTED: ReadonlySet<string> = new Set([
  '0BSD',
  'Apache-2.0',
  'BlueOak-1.0.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'CC0-1.0',
  'ISC',
  'LGPL-3.0-or-later',
  'MIT',
  'Unlicense',
  'Zlib',
]);

/** Why software under this licence is not accepted; `undefined` if it is. */
export function whyNotAccepted(licence: string | undefined): string | undefined {
  if (licence === undefined) return 'has no licence';
  let expression: Expression;
  try {
    expression = parse(licence);
  } catch {
    return `has an unknown licence: ${licence}`;
  }
  return isAccepted(expression) ? undefined : `has a licence that is not accepted: ${licence}`;
}

function isAccepted(expression: Expression): boolean {
  if ('license' in expression)
    return ACCEPTED.has(expression.plus ? `${expression.license}+` : expression.license);
  const sides = [expression.left, expression.right];
  return expression.conjunction === 'or' ? sides.some(isAccepted) : sides.every(isAccepted);
}

/** The licences that an expression names. */
export function licencesIn(licence: string): string[] {
  const named = (expression: Expression): string[] =>
    'license' in expression ? [expression.license] : [...named(expression.left), ...named(expression.right)];
  return [...new Set(named(parse(licence)))];
}

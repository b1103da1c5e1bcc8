/**
 * Characters that are not text: controls, escapes, line and paragraph separators, overrides of the direction, halves of
 * characters, and what has no width. Joiners and variation selectors are text: emoji and words of several languages need
 * them.
 */
const HIDDEN =
  /(?!\u200c|\u200d|\ufe0e|\ufe0f|[\u180b-\u180d\u180f])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Default_Ignorable_Code_Point}]/gu;

/**
 * Makes visible what the text could do to a terminal, or hide from its reader. The escapes are those of JSON, so a line of
 * JSON keeps its meaning.
 */
export function visible(text: string): string {
  return text.replace(HIDDEN, (character) =>
    Array.from({ length: character.length }, (_, index) => escapeUnit(character.charCodeAt(index))).join(''),
  );
}

/** The same for a text of several lines: line feeds and tabs are kept. */
export function visibleText(text: string): string {
  return text.replace(HIDDEN, (character) =>
    character === '\n' || character === '\t' ? character : visible(character),
  );
}

const SHORT: Readonly<Record<number, string>> = { 9: '\\t', 10: '\\n', 13: '\\r' };

function escapeUnit(unit: number): string {
  return SHORT[unit] ?? `\\u${unit.toString(16).padStart(4, '0')}`;
}

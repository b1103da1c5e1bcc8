import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { visible, visibleText } from '../../../shared/runtime/visible.ts';

describe('visible', () => {
  test.each([
    ['a terminal sequence', '\u001b[2J', '\\u001b[2J'],
    ['a C1 control, which some terminals take as an escape', '\u009b31m', '\\u009b31m'],
    ['a bell, a return and a line feed', '\u0007\r\n', '\\u0007\\r\\n'],
    ['a tab and a delete', '\t\u007f', '\\t\\u007f'],
    ['an override of the direction', 'gpj.\u202eexe', 'gpj.\\u202eexe'],
    ['an isolate of the direction', '\u2066a\u2069', '\\u2066a\\u2069'],
    ['marks of the direction', '\u200e\u200f\u061c', '\\u200e\\u200f\\u061c'],
    ['line and paragraph separators', '\u2028\u2029', '\\u2028\\u2029'],
    ['characters without a width', '\u200b\u2060\ufeff\u00ad', '\\u200b\\u2060\\ufeff\\u00ad'],
    ['text in invisible tags', '\u{e0041}', '\\udb40\\udc41'],
    ['half of a character', '\ud83d', '\\ud83d'],
    ['a filler that looks like a space', '\u3164', '\\u3164'],
  ])('%s is shown as escapes', (_, text, shown) => {
    expect(visible(text)).toBe(shown);
  });

  test.each(['a b+c%20', '张三', 'José', '👩‍👩‍👧', '❤️', 'می‌خواهم', 'שלום', '\\u001b'])(
    '%s is shown as it is',
    (text) => {
      expect(visible(text)).toBe(text);
    },
  );

  test('a line of JSON keeps its meaning, whatever the text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const shown = visible(JSON.stringify({ text }));

        expect(JSON.parse(shown)).toEqual({ text });
        expect(shown).not.toMatch(/[\p{Cc}\p{Bidi_Control}]/u);
      }),
    );
  });
});

describe('visibleText', () => {
  test('line feeds and tabs of a text are kept, and nothing else', () => {
    expect(visibleText('a\n\tb\r\u001b[1A')).toBe('a\n\tb\\r\\u001b[1A');
  });
});

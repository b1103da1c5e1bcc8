import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { childrenOf, childText, parseXml, writeXml } from '../../../shared/runtime/xml.ts';

describe('parseXml', () => {
  test('parseXml returns text and children by local name', () => {
    const root = parseXml(
      '<?xml version="1.0"?><a:Q xmlns:a="x"><Name>q &amp; r</Name><M><B><![CDATA[<1>]]></B></M></a:Q>',
    );

    expect(root.name).toBe('Q');
    expect(childText(root, 'Name')).toBe('q & r');
    expect(childText(childrenOf(root, 'M')[0]!, 'B')).toBe('<1>');
    expect(childText(root, 'Absent')).toBeUndefined();
  });

  test.each([
    ['an unclosed tag', '<a><b></a>'],
    ['text alone', 'hello'],
    ['nothing', ''],
    ['an undeclared entity', '<a>&boom;</a>'],
    ['a document type', '<!DOCTYPE a [<!ENTITY b "bbbb">]><a>&b;</a>'],
    ['deep nesting', '<a>'.repeat(40) + '</a>'.repeat(40)],
    ['too many characters', `<a>${'x'.repeat(100)}</a>`],
  ])('parseXml rejects %s', (_what, source) => {
    const parse = () => parseXml(source, { maxLength: source.startsWith('<a>x') ? 50 : 10_000 });

    expect(parse).toThrow(expect.objectContaining({ code: 'InvalidRequest' }));
  });
});

describe('writeXml', () => {
  test('writeXml and parseXml round-trip every text that XML can hold', () => {
    const text = fc
      .string({ unit: 'grapheme' })
      // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what XML 1.0 forbids
      .filter((s) => !/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/.test(s));
    fc.assert(
      fc.property(text, fc.array(text, { maxLength: 4 }), (name, items) => {
        const root = parseXml(writeXml('R', { Name: name, Item: items.map((Key) => ({ Key })) }));

        expect(childText(root, 'Name')).toBe(name);
        expect(childrenOf(root, 'Item').map((item) => childText(item, 'Key'))).toEqual(items);
      }),
    );
  });

  test('writeXml omits absent fields and writes empty ones', () => {
    expect(writeXml('R', { A: undefined, B: '', C: {} }, { declaration: '' })).toBe(
      '<R>\n  <B></B>\n  <C/>\n</R>',
    );
  });
});

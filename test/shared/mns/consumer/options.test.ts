import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { CONSUMER_DEFAULTS } from '../../../../shared/mns/consumer/options.ts';

test('the documented default of every consumer option is its default', () => {
  const text = readFileSync('shared/mns/consumer/options.ts', 'utf8');

  const documented = [...text.matchAll(/`@default ([^`]+)`[\s\S]*?readonly (\w+):/g)].map(
    ([, value, name]) => [name, value!.replaceAll('_', '')],
  );

  const actual = Object.entries(CONSUMER_DEFAULTS).map(([name, value]) => [
    name,
    typeof value === 'number'
      ? String(value)
      : `{ ${Object.entries(value)
          .map(([field, ms]) => `${field}: ${ms}`)
          .join(', ')} }`,
  ]);
  expect(documented).toEqual(actual);
});

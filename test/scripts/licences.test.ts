import { expect, test } from 'vitest';
import { productionPackages } from '../../scripts/licences/packages.ts';
import { whyNotAccepted } from '../../scripts/licences/verdict.ts';

test.each([
  'MIT',
  '(MIT OR GPL-2.0-only)',
  'Apache-2.0 AND LGPL-3.0-or-later AND MIT',
  'MIT OR (Apache-2.0 AND BSD-3-Clause)',
])('the licence %s is accepted', (licence) => {
  expect(whyNotAccepted(licence)).toBeUndefined();
});

test.each([
  ['GPL-3.0-only', 'has a licence that is not accepted'],
  ['GPL-2.0-or-later WITH Classpath-exception-2.0', 'has a licence that is not accepted'],
  ['AGPL-3.0-or-later', 'has a licence that is not accepted'],
  ['MIT AND GPL-2.0-only', 'has a licence that is not accepted'],
  ['SSPL-1.0', 'has a licence that is not accepted'],
  ['SEE LICENSE IN LICENSE.md', 'has an unknown licence'],
  ['UNLICENSED', 'has an unknown licence'],
  [undefined, 'has no licence'],
])('the licence %s is not accepted', (licence, why) => {
  expect(whyNotAccepted(licence)).toContain(why);
});

test('every package that is deployed or installed with this project has an accepted licence', async () => {
  const packages = await productionPackages();

  const faults = packages.filter(({ licence }) => whyNotAccepted(licence) !== undefined);

  expect(packages.length).toBeGreaterThan(100);
  expect(faults).toEqual([]);
});

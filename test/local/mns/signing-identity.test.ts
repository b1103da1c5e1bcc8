import { sign, verify, X509Certificate } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { signingIdentity } from '../../../local/mns/signing-identity.ts';
import { manualClock } from '../../../shared/runtime/clock.ts';
import { tempDir } from '../../support/temp-dir.ts';

const TEN_YEARS_MS = 10 * 365 * 24 * 3600 * 1000;

test.each([
  ['today', Date.UTC(2026, 0, 2, 3, 4, 5)],
  ['after 2049, when X.509 writes times differently', Date.UTC(2051, 0, 1)],
])('the certificate is valid for ten years and verifies signatures: %s', async (_, now) => {
  const { privateKey, certificate } = await signingIdentity(undefined, manualClock(now))();

  const parsed = new X509Certificate(certificate);
  const data = Buffer.from('signed');
  expect(parsed.subject).toContain('CN=mns.localhost');
  expect(parsed.verify(parsed.publicKey)).toBe(true);
  expect(parsed.checkPrivateKey(privateKey)).toBe(true);
  expect([Date.parse(parsed.validFrom), Date.parse(parsed.validTo)]).toEqual([now, now + TEN_YEARS_MS]);
  expect(verify('sha1', data, parsed.publicKey, sign('sha1', data, privateKey))).toBe(true);
});

test('the identity is kept in the data folder, readable by its owner only', async () => {
  const dataDir = join(await tempDir(), 'mns');
  const open = () => signingIdentity(dataDir, manualClock())();

  const first = await open();
  const second = await open();

  expect(second.certificate).toBe(first.certificate);
  expect(second.privateKey.equals(first.privateKey)).toBe(true);
  if (process.platform !== 'win32') {
    const { mode } = await stat(join(dataDir, 'signing-identity.pem'));
    expect(mode & 0o777).toBe(0o600);
  }
});

test('the identity is created once, however often it is asked for', async () => {
  const identity = signingIdentity(undefined, manualClock());

  const [one, other] = await Promise.all([identity(), identity()]);

  expect(one).toBe(other);
});

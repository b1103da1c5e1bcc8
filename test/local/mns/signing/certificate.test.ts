import { createPrivateKey, generateKeyPairSync, sign, verify, X509Certificate } from 'node:crypto';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { selfSignedCertificate } from '../../../../local/mns/signing/certificate.ts';
import { integer, objectIdentifier, time, utf8String } from '../../../../local/mns/signing/der.ts';

const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });

describe('selfSignedCertificate', () => {
  it('is an X.509 certificate that its own key signed', () => {
    const from = Date.UTC(2026, 0, 2, 3, 4, 5);

    const pem = selfSignedCertificate(privateKey, {
      commonName: 'mns.localhost',
      serial: Buffer.from('00ff01', 'hex'),
      from,
    });

    const certificate = new X509Certificate(pem);
    expect(certificate.subject).toContain('CN=mns.localhost');
    expect(certificate.issuer).toBe(certificate.subject);
    expect(certificate.serialNumber).toBe('FF01');
    expect(Date.parse(certificate.validFrom)).toBe(from);
    expect(certificate.verify(publicKey)).toBe(true);
    expect(
      certificate.checkPrivateKey(createPrivateKey(privateKey.export({ type: 'pkcs8', format: 'pem' }))),
    ).toBe(true);
    const data = Buffer.from('signed');
    expect(verify('sha1', data, certificate.publicKey, sign('sha1', data, privateKey))).toBe(true);
  });

  it('stands any serial number and any day', () => {
    const serials = fc.uint8Array({ minLength: 1, maxLength: 20 });
    const days = fc.integer({ min: 0, max: Date.UTC(2080, 0) });

    fc.assert(
      fc.property(serials, days, (serial, from) => {
        const whole = Math.floor(from / 1000) * 1000;
        const certificate = new X509Certificate(
          selfSignedCertificate(privateKey, { commonName: 'a', serial, from: whole }),
        );
        expect(BigInt(`0x${certificate.serialNumber || '0'}`)).toBe(
          BigInt(`0x${Buffer.from(serial).toString('hex')}`),
        );
        expect(Date.parse(certificate.validFrom)).toBe(whole);
      }),
      { numRuns: 50 },
    );
  });
});

describe('DER', () => {
  // Encodings of ITU-T X.690 and of every certificate in the world.
  it.each([
    ['a small integer', integer(Buffer.of(5)), '020105'],
    ['zero', integer(Buffer.of(0, 0)), '020100'],
    ['an integer with its highest bit set', integer(Buffer.of(0x80)), '02020080'],
    ['sha256WithRSAEncryption', objectIdentifier('1.2.840.113549.1.1.11'), '06092a864886f70d01010b'],
    ['a short string', utf8String('ab'), '0c026162'],
    ['a string of 200 bytes', utf8String('a'.repeat(200)).subarray(0, 3), '0c81c8'],
    ['a string of 300 bytes', utf8String('a'.repeat(300)).subarray(0, 4), '0c82012c'],
    ['a time before 2050', time(Date.UTC(2049, 11, 31)), '170d3439313233313030303030305a'],
    ['a time after 2049', time(Date.UTC(2050, 0, 1)), '180f32303530303130313030303030305a'],
  ])('encodes %s', (_, encoded, expected) => {
    expect(encoded.toString('hex')).toBe(expected);
  });
});

import { createPublicKey, type KeyObject, sign } from 'node:crypto';
import {
  bitString,
  explicit,
  integer,
  nil,
  objectIdentifier,
  sequence,
  set,
  time,
  utf8String,
} from './der.ts';

const SHA256_WITH_RSA = '1.2.840.113549.1.1.11';
const COMMON_NAME = '2.5.4.3';
const ORGANIZATION = '2.5.4.10';
const VALID_MS = 10 * 365 * 24 * 3600 * 1000;

/** A self-signed X.509 v3 certificate of an RSA key, as PEM: `node:crypto` reads certificates but makes none. */
export function selfSignedCertificate(
  privateKey: KeyObject,
  { commonName, serial, from }: { commonName: string; serial: Uint8Array; from: number },
): string {
  const algorithm = sequence(objectIdentifier(SHA256_WITH_RSA), nil());
  const name = sequence(
    attribute(ORGANIZATION, 'mnsoss-face local cloud'),
    attribute(COMMON_NAME, commonName),
  );
  const certificate = sequence(
    explicit(0, integer(Buffer.of(2))), // version 3
    integer(serial),
    algorithm,
    name, // issuer
    sequence(time(from), time(from + VALID_MS)),
    name, // subject
    createPublicKey(privateKey).export({ type: 'spki', format: 'der' }),
  );
  const signature = sign('sha256', certificate, privateKey);
  return pem(sequence(certificate, algorithm, bitString(signature)));
}

function attribute(type: string, value: string): Buffer {
  return set(sequence(objectIdentifier(type), utf8String(value)));
}

function pem(der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g)!;
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n');
}

import { createPrivateKey, type KeyObject } from 'node:crypto';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../shared/runtime/clock.ts';
import { readIfExists } from '../disk/stored-file.ts';

/** The key that signs pushed messages, and the certificate by which an endpoint verifies them. */
export interface SigningIdentity {
  readonly privateKey: KeyObject;
  /** PEM */
  readonly certificate: string;
}

const VALID_MS = 10 * 365 * 24 * 3600 * 1000;

/**
 * Creates the identity when it is first needed: a key takes a second, and few clouds push over HTTP. It is kept in the
 * data folder, because endpoints may cache the certificate.
 */
export function signingIdentity(dataDir: string | undefined, clock: Clock): () => Promise<SigningIdentity> {
  let identity: Promise<SigningIdentity> | undefined;
  return () => {
    identity ??= loadOrCreate(dataDir, clock);
    return identity;
  };
}

async function loadOrCreate(dataDir: string | undefined, clock: Clock): Promise<SigningIdentity> {
  if (dataDir === undefined) return identityOf(await createPem(clock.now()));
  const path = join(dataDir, 'signing-identity.pem');
  const known = await readIfExists(path);
  if (known !== undefined) return identityOf(known);
  const pem = await createPem(clock.now());
  await mkdir(dataDir, { recursive: true });
  await writeFile(`${path}.new`, pem, { mode: 0o600 });
  await rename(`${path}.new`, path);
  return identityOf(pem);
}

/** A private key and its certificate, one after the other. */
async function createPem(now: number): Promise<string> {
  const { generate } = await import('selfsigned');
  const { private: key, cert } = await generate(
    [
      { name: 'organizationName', value: 'mnsoss-face local cloud' },
      { name: 'commonName', value: 'mns.localhost' },
    ],
    {
      keySize: 2048,
      algorithm: 'sha256',
      notBeforeDate: new Date(now),
      notAfterDate: new Date(now + VALID_MS),
    },
  );
  return `${key.trim()}\n${cert.trim()}\n`;
}

function identityOf(pem: string): SigningIdentity {
  return {
    privateKey: createPrivateKey(pem),
    certificate: pem.slice(pem.indexOf('-----BEGIN CERTIFICATE-----')),
  };
}

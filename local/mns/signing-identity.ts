import { createPrivateKey, generateKeyPair, type KeyObject } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Clock } from '../../shared/runtime/clock.ts';
import type { Random } from '../../shared/runtime/random.ts';
import { hexId } from './receipt-handle.ts';
import { selfSignedCertificate } from './signing/certificate.ts';

/** What signs pushed messages, and the certificate by which an endpoint verifies them. */
export interface SigningIdentity {
  readonly privateKey: KeyObject;
  /** PEM */
  readonly certificate: string;
}

/**
 * Made when first asked for, because a key costs a second of start-up and few need it; kept in the data directory, so
 * that an endpoint may cache the certificate.
 */
export function signingIdentity(options: {
  dataDir: string | undefined;
  clock: Clock;
  random: Random;
}): () => Promise<SigningIdentity> {
  let identity: Promise<SigningIdentity> | undefined;
  return () => {
    identity ??= loadOrCreate(options);
    return identity;
  };
}

async function loadOrCreate(options: {
  dataDir: string | undefined;
  clock: Clock;
  random: Random;
}): Promise<SigningIdentity> {
  if (options.dataDir === undefined) return create(options);
  const path = join(options.dataDir, 'signing-identity.pem');
  const known = await readIfThere(path);
  if (known)
    return { privateKey: createPrivateKey(known), certificate: known.slice(known.indexOf(CERTIFICATE)) };
  const identity = await create(options);
  const key = identity.privateKey.export({ type: 'pkcs8', format: 'pem' });
  await mkdir(options.dataDir, { recursive: true });
  await writeFile(`${path}.new`, `${key}${identity.certificate}`, { mode: 0o600 });
  await rename(`${path}.new`, path);
  return identity;
}

const CERTIFICATE = '-----BEGIN CERTIFICATE-----';

async function create({ clock, random }: { clock: Clock; random: Random }): Promise<SigningIdentity> {
  const { privateKey } = await promisify(generateKeyPair)('rsa', { modulusLength: 2048 });
  const serial = Buffer.from(hexId(random, 32), 'hex');
  const certificate = selfSignedCertificate(privateKey, {
    commonName: 'mns.localhost',
    serial,
    from: clock.now(),
  });
  return { privateKey, certificate };
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

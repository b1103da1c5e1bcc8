import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createSecureContext, type SecureContext } from 'node:tls';
import type { Clock } from '../../shared/runtime/clock.ts';
import { readIfExists } from '../disk/stored-file.ts';

/** Certificates for any host name, of an authority that only this cloud has. */
export interface Certificates {
  /** The certificate of the authority, PEM: clients have to trust it. */
  readonly authority: string;
  /** The key and the certificate of a host, PEM. */
  pemFor(host: string): Promise<Pem>;
  contextFor(host: string): Promise<SecureContext>;
}

export interface Pem {
  readonly key: string;
  readonly cert: string;
}

/** Days of a certificate; clients refuse longer ones. */
const HOST_DAYS = 397;
const AUTHORITY_DAYS = 3650;

/** The authority is kept in the data folder, because clients are told to trust it. */
export async function openCertificates(options: {
  readonly dataDir: string | undefined;
  readonly clock: Clock;
}): Promise<Certificates> {
  const { clock } = options;
  const ca = await loadOrCreate(options);
  const contexts = new Map<string, Promise<SecureContext>>();
  const pemFor = async (host: string): Promise<Pem> => {
    const altNames = /^[\d.]+$|:/.test(host)
      ? [{ type: 7 as const, ip: host }]
      : [{ type: 2 as const, value: host }];
    const { key, cert } = await generate(host, HOST_DAYS, clock, {
      ca,
      extensions: [{ name: 'subjectAltName', altNames }],
    });
    return { key, cert: `${cert}\n${ca.cert}` };
  };
  return {
    authority: ca.cert,
    pemFor,
    contextFor(host) {
      const known = contexts.get(host) ?? pemFor(host).then(createSecureContext);
      contexts.set(host, known);
      return known;
    },
  };
}

async function loadOrCreate({ dataDir, clock }: { dataDir: string | undefined; clock: Clock }): Promise<Pem> {
  const create = () =>
    generate('local cloud authority', AUTHORITY_DAYS, clock, {
      extensions: [
        { name: 'basicConstraints', cA: true, critical: true },
        { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
      ],
    });
  if (dataDir === undefined) return create();
  const file = join(dataDir, 'authority.json');
  const text = await readIfExists(file);
  if (text !== undefined) return JSON.parse(text) as Pem;
  const pem = await create();
  await mkdir(dataDir, { recursive: true });
  await writeFile(`${file}.new`, JSON.stringify(pem), { mode: 0o600 });
  await rename(`${file}.new`, file);
  return pem;
}

async function generate(
  commonName: string,
  days: number,
  clock: Clock,
  options: {
    ca?: Pem;
    extensions: NonNullable<Parameters<typeof import('selfsigned').generate>[1]>['extensions'];
  },
): Promise<Pem> {
  const { generate: create } = await import('selfsigned');
  // A minute early: another clock of this machine may be behind.
  const begin = clock.now() - 60_000;
  const { private: key, cert } = await create([{ name: 'commonName', value: commonName }], {
    keyType: 'ec',
    algorithm: 'sha256',
    notBeforeDate: new Date(begin),
    notAfterDate: new Date(begin + days * 24 * 3_600_000),
    ...options,
  });
  return { key: key.trim(), cert: cert.trim() };
}

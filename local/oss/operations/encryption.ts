import { childrenOf, childText, writeXml, type XmlElement } from '../../../shared/runtime/xml.ts';
import { invalidArgument, OssRefusal } from '../errors.ts';
import { malformedXml, parseDocument } from '../http/request.ts';
import type { BucketStore } from '../store/bucket.ts';
import type { Encryption } from '../store/records.ts';

type Headers = Readonly<Record<string, string>>;

const ALGORITHMS: readonly string[] = ['AES256', 'KMS', 'SM4'];

/** The key that the service creates for an account which names none. guess: its form; every account has another id. */
const DEFAULT_KEY_ID = '00000000-0000-4000-8000-000000000001';

/** The method is stored and returned, as clients expect; the bytes are not encrypted. */
export function encryptionOf(headers: Headers): Encryption | undefined {
  const algorithm = headers['x-oss-server-side-encryption'];
  if (!algorithm) return undefined;
  const keyId = headers['x-oss-server-side-encryption-key-id'] || undefined;
  const dataAlgorithm = headers['x-oss-server-side-data-encryption'] || undefined;
  if (!ALGORITHMS.includes(algorithm)) {
    throw new OssRefusal('InvalidEncryptionAlgorithmError', {
      elements: { ArgumentName: 'x-oss-server-side-encryption', ArgumentValue: algorithm },
    });
  }
  if (keyId !== undefined && algorithm !== 'KMS') {
    throw invalidArgument('x-oss-server-side-encryption-key-id', keyId, 'A key id needs the method KMS.');
  }
  if (dataAlgorithm !== undefined && (dataAlgorithm !== 'SM4' || algorithm !== 'KMS')) {
    throw invalidArgument('x-oss-server-side-data-encryption', dataAlgorithm);
  }
  return { algorithm, dataAlgorithm, keyId: keyId ?? keyOf(algorithm) };
}

/** The encryption that the configuration of the bucket gives to an object which names none. */
export function defaultEncryption({ record }: BucketStore): Encryption | undefined {
  const document = record.documents.encryption;
  if (document === undefined) return undefined;
  const { algorithm, dataAlgorithm, keyId } = readEncryptionRule(document);
  return { algorithm, dataAlgorithm, keyId: keyId ?? keyOf(algorithm) };
}

/** Reads `<ServerSideEncryptionRule>`. Throws for an unknown method, and for a key of a method that has none. */
export function readEncryptionRule(text: string): Encryption {
  const [rule] = childrenOf(
    parseDocument(text, 'ServerSideEncryptionRule'),
    'ApplyServerSideEncryptionByDefault',
  );
  if (!rule) throw malformedXml('expected <ApplyServerSideEncryptionByDefault>');
  const algorithm = textOf(rule, 'SSEAlgorithm') ?? '';
  const keyId = textOf(rule, 'KMSMasterKeyID');
  const dataAlgorithm = textOf(rule, 'KMSDataEncryption');
  if (!ALGORITHMS.includes(algorithm)) {
    throw new OssRefusal('InvalidEncryptionAlgorithmError', { elements: { SSEAlgorithm: algorithm } });
  }
  if (algorithm !== 'KMS' && keyId !== undefined) {
    throw invalidArgument(
      'KMSMasterKeyID',
      keyId,
      'KMSMasterKeyID is not applicable if SSEAlgorithm is not KMS',
    );
  }
  if (dataAlgorithm !== undefined && (algorithm !== 'KMS' || dataAlgorithm !== 'SM4')) {
    throw invalidArgument('KMSDataEncryption', dataAlgorithm);
  }
  return { algorithm, dataAlgorithm, keyId };
}

/** The rule of a bucket that is created with the headers of an encryption. */
export function encryptionDocument({ algorithm, dataAlgorithm, keyId }: Encryption): string {
  const rule = { SSEAlgorithm: algorithm, KMSMasterKeyID: keyId, KMSDataEncryption: dataAlgorithm };
  return writeXml('ServerSideEncryptionRule', { ApplyServerSideEncryptionByDefault: rule });
}

function textOf(element: XmlElement, name: string): string | undefined {
  return childText(element, name)?.trim() || undefined;
}

function keyOf(algorithm: string): string | undefined {
  return algorithm === 'KMS' ? DEFAULT_KEY_ID : undefined;
}

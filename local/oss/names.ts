import { OssRefusal } from './errors.ts';

/** doc: 3 to 63 lower-case letters, digits and hyphens; begins and ends with a letter or digit. */
export function checkBucketName(name: string): void {
  if (!/^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$/.test(name)) {
    throw new OssRefusal('InvalidBucketName', { elements: { BucketName: name } });
  }
}

const MAX_KEY_BYTES = 1023;

/** doc: 1 to 1,023 bytes of UTF-8 that do not begin with a slash or backslash. */
export function checkKey(key: string): void {
  if (Buffer.byteLength(key) > MAX_KEY_BYTES) {
    throw new OssRefusal('InvalidObjectName', {
      message: 'The Length of Object name must be less than 1024.',
      elements: { ObjectName: key },
    });
  }
  if (key === '' || key.startsWith('/') || key.startsWith('\\')) {
    throw new OssRefusal('InvalidObjectName', { elements: { ObjectName: key } });
  }
}

import { createCrc64 } from '../../local/http/crc64.ts';

export function crc64(bytes: Uint8Array): bigint {
  const crc = createCrc64();
  crc.update(bytes);
  return crc.digest();
}

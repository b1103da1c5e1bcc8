import { createHmac } from 'node:crypto';

/** The scope of a V4 signing key: day, region and service. */
export interface SigningScope {
  /** `yyyyMMddTHHmmssZ`, or the day alone. */
  readonly date: string;
  /** Without the `oss-` prefix, such as `cn-hangzhou`. */
  readonly region: string;
  /** `oss` or `mns`. */
  readonly service: string;
}

/** `20231203/cn-hangzhou/oss/aliyun_v4_request` */
export function scopeText({ date, region, service }: SigningScope): string {
  return `${date.slice(0, 8)}/${region}/${service}/aliyun_v4_request`;
}

/** The signature that the V4 schemes of OSS and MNS share, in lower-case hex. */
export function signAliyunV4(secret: string, scope: SigningScope, stringToSign: string): string {
  const links = [scope.date.slice(0, 8), scope.region, scope.service, 'aliyun_v4_request'];
  const key = links.reduce<string | Buffer>(
    (previous, link) => createHmac('sha256', previous).update(link).digest(),
    `aliyun_v4${secret}`,
  );
  return createHmac('sha256', key).update(stringToSign).digest('hex');
}

/** Encodes everything but unreserved characters as `%XX` per UTF-8 byte. `keepSlash` leaves `/` as it is. */
export function encodeRfc3986(text: string, { keepSlash = false }: { keepSlash?: boolean } = {}): string {
  const encoded = encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return keepSlash ? encoded.replaceAll('%2F', '/') : encoded;
}

/** Milliseconds since the epoch → `yyyyMMddTHHmmssZ`. */
export function compactDate(milliseconds: number): string {
  return `${new Date(milliseconds).toISOString().slice(0, 19).replace(/[-:]/g, '')}Z`;
}

/** The parts of a V4 credential: `<access key id>/<day>/<region>/<service>/aliyun_v4_request`. */
export interface CredentialScope {
  readonly accessKeyId: string;
  /** `yyyyMMdd` */
  readonly day: string;
  readonly region: string;
  readonly service: string;
}

/** `undefined` if the credential is malformed. */
export function readCredentialScope(credential: string): CredentialScope | undefined {
  const [, accessKeyId, day, region, service] =
    /^([^/]+)\/([^/]*)\/([^/]+)\/([^/]+)\/aliyun_v4_request$/.exec(credential) ?? [];
  return accessKeyId && region && service ? { accessKeyId, day: day ?? '', region, service } : undefined;
}

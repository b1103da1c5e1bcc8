/** `@alicloud/fc2` 2.6.6 comes without types; this is the part that is used. */
declare module '@alicloud/fc2' {
  interface ClientOptions {
    readonly accessKeyID: string;
    readonly accessKeySecret: string;
    /** Sent only with access keys that begin with `STS`. */
    readonly securityToken?: string;
    readonly region: string;
    readonly endpoint?: string;
    /** Milliseconds. */
    readonly timeout?: number;
  }

  export default class Client {
    constructor(accountId: string, options: ClientOptions);

    /** Throws an `Error` with the service's `code` for status codes from 300. */
    invokeFunction(
      serviceName: string,
      functionName: string,
      event: string | Buffer,
      headers?: Readonly<Record<string, string>>,
      qualifier?: string,
    ): Promise<{
      readonly headers: Readonly<Record<string, string | undefined>>;
      readonly data: unknown;
    }>;
  }
}

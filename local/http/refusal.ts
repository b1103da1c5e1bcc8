import type { Logger } from '../../shared/runtime/log.ts';

/** The errors of a service by code: status, message and, for OSS, the value of `EC`. */
export type ErrorTable = Readonly<Record<string, readonly [status: number, message: string, ec?: string]>>;

type Texts = Readonly<Record<string, string | undefined>>;

export interface RefusalOptions {
  /** @default the message of the table */
  readonly message?: string;
  /** Further elements of the error document, such as `Key` or `BucketName`. */
  readonly elements?: Texts;
  readonly headers?: Texts;
  /** The value of `EC`. @default that of the table */
  readonly ec?: string;
  readonly cause?: unknown;
}

/** An error that a service sends to its client. */
export abstract class Refusal<Code extends string = string> extends Error {
  readonly code: Code;
  readonly status: number;
  readonly ec: string | undefined;
  readonly elements: Texts;
  readonly headers: Texts;

  constructor(
    code: Code,
    [status, text, tableEc]: ErrorTable[string],
    options: string | RefusalOptions = {},
  ) {
    const { message = text, elements = {}, headers = {}, ec = tableEc, cause } = asOptions(options);
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.status = status;
    this.ec = ec;
    this.elements = elements;
    this.headers = headers;
  }
}

function asOptions(options: string | RefusalOptions): RefusalOptions {
  return typeof options === 'string' ? { message: options } : options;
}

/** Makes the error class of one service from its table of errors. */
export function refusalOf<const Table extends ErrorTable>(name: string, errors: Table) {
  type Code = keyof Table & string;
  return class extends Refusal<Code> {
    override readonly name = name;

    constructor(code: Code, options?: string | RefusalOptions) {
      super(code, errors[code]!, options);
    }
  };
}

/** Returns the refusal that was thrown; logs any other error and returns the service's internal error instead. */
export function toRefusal<Code extends string, R extends Refusal>(
  error: unknown,
  Kind: new (code: Code, options?: RefusalOptions) => R,
  internal: Code,
  { logger, ...fields }: { readonly logger: Logger; readonly [field: string]: unknown },
): R {
  if (error instanceof Kind) return error;
  logger.error({ ...fields, err: error }, 'request failed');
  return new Kind(internal, { cause: error });
}

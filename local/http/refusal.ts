/** The errors of a service, each with its status and its message. */
type Errors<Code extends string> = Readonly<Record<Code, readonly [status: number, message: string]>>;

/** What a service says of a request that it refuses. */
export function refusalOf<Code extends string>(name: string, errors: Errors<Code>) {
  return class extends Error {
    override readonly name = name;
    readonly code: Code;
    readonly status: number;

    constructor(code: Code, message: string = errors[code][1]) {
      super(message);
      this.code = code;
      this.status = errors[code][0];
    }
  };
}

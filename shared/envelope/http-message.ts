export interface HttpMessage {
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: Uint8Array;
}

/**
 * The value of an HTTP request for `openEnvelope`. A CloudEvent in binary mode is assembled from headers and body; in any
 * other mode, plain `application/json` from EventBridge included, the body is the value.
 */
export function fromHttpMessage({ headers, body }: HttpMessage): unknown {
  const attributes: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    const lowerCase = name.toLowerCase();
    if (lowerCase.startsWith('ce-') && typeof value === 'string') {
      attributes[lowerCase.slice('ce-'.length)] = decodeHeaderValue(value);
    }
  }
  return attributes.specversion === undefined ? body : { ...attributes, data: body };
}

/** CloudEvents HTTP binding 3.1.3.2: space, `"`, `%` and all but printable ASCII are percent-encoded as UTF-8. */
export function encodeHeaderValue(value: string): string {
  return value.replace(/[^\x21\x23\x24\x26-\x7e]+/g, (run) =>
    Array.from(Buffer.from(run), (byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join(''),
  );
}

/** A value that cannot be decoded is kept: its sender does not encode percent signs. */
export function decodeHeaderValue(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}

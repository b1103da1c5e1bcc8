import type { IncomingMessage } from 'node:http';
import { parse as parseYaml } from 'yaml';
import type { User } from './access/authenticate.ts';
import type { Resource } from './resource.ts';
import { ApiError, badRequest, unsupportedMediaType } from './status.ts';
import type { Tree } from './types.ts';

/** One parsed request for a resource. */
export interface ApiRequest {
  readonly resource: Resource;
  readonly namespace?: string;
  readonly name?: string;
  readonly subresource?: string;
  readonly query: URLSearchParams;
  readonly user: User;
  readonly userAgent: string;
  readonly accept: string;
  readonly contentType: string;
  readonly body: string;
}

const LIMIT = 3 * 1024 * 1024;

export async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > LIMIT) throw new ApiError(413, 'RequestEntityTooLarge', `limit is ${LIMIT}`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** The body as one object: JSON, or YAML if its content type says so. */
export function decode({ body, contentType }: Pick<ApiRequest, 'body' | 'contentType'>): Tree {
  if (/protobuf|cbor/.test(contentType)) {
    throw unsupportedMediaType(
      `the body of the request was in an unknown format - accepted media types include: application/json, application/yaml`,
    );
  }
  try {
    return (/yaml/.test(contentType) ? parseYaml(body) : JSON.parse(body)) as Tree;
  } catch (error) {
    throw badRequest(`the object provided is unrecognized: ${(error as Error).message}`);
  }
}

export const isDryRun = ({ query }: Pick<ApiRequest, 'query'>): boolean => query.get('dryRun') === 'All';

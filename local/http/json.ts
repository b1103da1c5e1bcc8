import type { ServerResponse } from 'node:http';

/** Answers with JSON, as the API gateway does. */
export function writeJson(response: ServerResponse, status: number, body: object): void {
  const text = JSON.stringify(body);
  response
    .writeHead(status, {
      'content-type': 'application/json;charset=utf-8',
      'content-length': Buffer.byteLength(text),
    })
    .end(text);
}

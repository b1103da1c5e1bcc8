import { once } from 'node:events';
import { request as send } from 'node:http';
import { connect } from 'node:net';
import * as fc from 'fast-check';
import { describe, expect, onTestFinished, test } from 'vitest';
import { parseJson, percentDecode } from '../../../local/http/decode.ts';
import { hexId, upperUuid } from '../../../local/http/ids.ts';
import { missingPackageOf } from '../../../local/http/missing-package.ts';
import { refusalOf, toRefusal } from '../../../local/http/refusal.ts';
import { listen } from '../../../local/http/server.ts';
import { decodeHeaders } from '../../../shared/runtime/http.ts';
import { silentLogger } from '../../../shared/runtime/log.ts';
import { seededRandom } from '../../../shared/runtime/random.ts';
import { readBody } from '../../../shared/runtime/request-body.ts';

/** A server that answers with the size of a body of at most 10 bytes, or 413. */
async function aServer() {
  const server = await listen(
    (request, response) => {
      readBody(request, { maxBytes: 10, refuse: () => new Error('too large') }).then(
        (body) => response.end(String(body.length)),
        (error: Error) => response.writeHead(413).end(error.message),
      );
    },
    { port: 0 },
  );
  onTestFinished(server.close);
  return server.url;
}

describe('readBody', () => {
  test.each([
    ['announced', (size: number) => 'a'.repeat(size)],
    ['sent in chunks', (size: number) => new Blob(['a'.repeat(size)]).stream()],
  ])('a body that is %s is read up to the bound, and a larger one is answered', async (_, bodyOf) => {
    const url = await aServer();
    const post = (size: number) =>
      fetch(url, { method: 'POST', body: bodyOf(size), duplex: 'half' } as RequestInit);

    const [empty, largest, larger, huge] = [
      await post(0),
      await post(10),
      await post(11),
      await post(5_000_000),
    ];

    expect([await empty.text(), await largest.text()]).toEqual(['0', '10']);
    expect([larger.status, await larger.text()]).toEqual([413, 'too large']);
    expect([huge.status, await huge.text()]).toEqual([413, 'too large']);
  });

  test('a body that is announced as too large is refused before it is sent', async () => {
    const url = await aServer();
    const request = send(url, { method: 'POST', headers: { 'content-length': '1000000' } });
    request.flushHeaders();

    const [response] = await once(request, 'response');

    expect(response.statusCode).toBe(413);
    request.destroy();
  });
});

test('header values are decoded as UTF-8', async () => {
  const received: Record<string, string>[] = [];
  const server = await listen(
    (request, response) => {
      received.push(decodeHeaders(request.headers));
      response.end();
    },
    { port: 0 },
  );
  onTestFinished(server.close);
  const name = '\u732b.jpg';
  const headers = { 'X-Name': Buffer.from(name).toString('latin1') };

  await once(send(server.url, { headers }).end(), 'response');

  expect(received[0]).toMatchObject({ 'x-name': name });
});

describe('ids', () => {
  test('a hexadecimal id has the number of digits that was asked for', () => {
    const digits = fc.integer({ min: 1, max: 100 });

    fc.assert(
      fc.property(digits, fc.integer(), (count, seed) => {
        expect(hexId(seededRandom(seed), count)).toMatch(new RegExp(`^[0-9A-F]{${count}}$`));
      }),
    );
  });

  test('a UUID is in upper case with hyphens', () => {
    expect(upperUuid(seededRandom(1))).toMatch(/^[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}$/);
  });
});

describe('decoders', () => {
  test('percent-encoded UTF-8 is decoded, and malformed text is refused', () => {
    const refuse = () => new Error('malformed');

    expect(percentDecode('%e7%8c%ab%20', refuse)).toBe('\u732b ');
    for (const malformed of ['%', '%zz', '%ff']) {
      expect(() => percentDecode(malformed, refuse)).toThrow('malformed');
    }
  });

  test('JSON is parsed, and malformed JSON is refused with its cause', () => {
    const refuse = (cause: unknown) => new Error('malformed', { cause });

    expect(parseJson('{"a":[1]}', refuse)).toEqual({ a: [1] });
    expect(() => parseJson('{', refuse)).toThrow(
      expect.objectContaining({ message: 'malformed', cause: expect.any(SyntaxError) }),
    );
  });
});

test('the missing optional package is found in the causes of an error', async () => {
  const load = async (name: string) => {
    try {
      return await import(name);
    } catch (cause) {
      return new Error('cannot load', { cause });
    }
  };

  expect(missingPackageOf(await load('not-installed/file.js'))).toBe('not-installed');
  expect(missingPackageOf(await load('@scope/not-installed'))).toBe('@scope/not-installed');
  expect(missingPackageOf(new Error('other'))).toBeUndefined();
  expect(missingPackageOf('no error')).toBeUndefined();
});

describe('refusals', () => {
  class TestRefusal extends refusalOf('TestRefusal', {
    NotFound: [404, 'It does not exist.', '0001-1'],
    InternalError: [500, 'It failed.'],
  }) {}

  test('a refusal takes status, message and EC from the table of its service', () => {
    expect(new TestRefusal('NotFound')).toMatchObject({
      name: 'TestRefusal',
      code: 'NotFound',
      status: 404,
      message: 'It does not exist.',
      ec: '0001-1',
      elements: {},
      headers: {},
    });
  });

  test('a refusal may have a message, elements, headers and a cause of its own', () => {
    const cause = new Error('why');

    expect(new TestRefusal('NotFound', 'a is missing').message).toBe('a is missing');
    expect(
      new TestRefusal('NotFound', { message: 'm', elements: { Key: 'a' }, headers: { h: '1' }, cause }),
    ).toMatchObject({ message: 'm', elements: { Key: 'a' }, headers: { h: '1' }, cause });
  });

  test('any other error becomes an internal error, which does not repeat its message', () => {
    const refusal = new TestRefusal('NotFound');
    const secret = new Error('secret');
    const convert = (error: unknown) =>
      toRefusal(error, TestRefusal, 'InternalError', { logger: silentLogger });

    expect(convert(refusal)).toBe(refusal);
    expect(convert(secret)).toMatchObject({ code: 'InternalError', message: 'It failed.', cause: secret });
  });
});

describe('listen', () => {
  test.each([
    ['an idle connection', ''],
    ['a head that does not end', 'GET / HTTP/1.1\r\nHost: a\r\n'],
    ['a body that does not end', 'PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nx'],
  ])('%s is closed', async (_, bytes) => {
    const server = await listen(
      (request, response) => void request.resume().on('end', () => response.end()),
      {
        port: 0,
        headersTimeout: 100,
        requestTimeout: 200,
        connectionsCheckingInterval: 20,
      },
    );
    onTestFinished(server.close);
    const socket = connect(Number(new URL(server.url).port), '127.0.0.1').resume();
    socket.on('error', () => {});
    socket.write(bytes);

    const [hadError] = await once(socket, 'close');

    expect(hadError).toBe(false);
  });

  test('a body is read to its end after an early answer, so that its connection can be used again', async () => {
    const server = await listen(
      (request, response) =>
        void request.once('data', () => {
          request.pause();
          response.end('early');
        }),
      { port: 0 },
    );
    onTestFinished(server.close);
    const socket = connect(Number(new URL(server.url).port), '127.0.0.1').setEncoding('latin1');
    onTestFinished(() => void socket.destroy());
    let answers = '';
    const head = 'PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 5000000\r\n\r\n';
    const request = Buffer.concat([Buffer.from(head), Buffer.alloc(5_000_000)]);
    socket.write(Buffer.concat([request, request]));

    for await (const text of socket) {
      answers += text;
      if (answers.split('early').length === 3) break;
    }

    expect(answers.match(/200 OK/g)).toHaveLength(2);
  });
});

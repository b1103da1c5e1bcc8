import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeToken } from '../../../shared/mns/token.ts';
import { AppError } from '../../../shared/runtime/errors.ts';
import { encodeToken } from '../../support/mns-token.ts';

const token = (fields: object) => Buffer.from(JSON.stringify(fields)).toString('base64');
const FIELDS = { url: 'http://1.mns.cn-hangzhou.aliyuncs.com', accessKeyId: 'ak', accessKeySecret: 'sk' };

describe('decodeToken', () => {
  test('the MnsOss token contains endpoint and keys', () => {
    const decoded = decodeToken(token(FIELDS));

    expect(decoded).toEqual({
      url: FIELDS.url,
      credentials: { accessKeyId: 'ak', accessKeySecret: 'sk' },
    });
  });

  test('the MnsOss token may have line breaks, as base64 prints it', () => {
    const wrapped = token(FIELDS).replace(/(.{20})/g, '$1\n');

    expect(decodeToken(`${wrapped}\n`).url).toBe(FIELDS.url);
  });

  test('the MnsOss token may be the JSON itself, as a container sees a Secret that holds it', () => {
    expect(decodeToken(`${JSON.stringify(FIELDS)}\n`)).toEqual(decodeToken(token(FIELDS)));
  });

  test('the MnsOss token survives encoding and decoding', () => {
    const key = fc.string({ minLength: 1, unit: 'grapheme' });
    fc.assert(
      fc.property(
        key,
        key,
        fc.option(key, { nil: undefined }),
        (accessKeyId, accessKeySecret, securityToken) => {
          const original = {
            url: FIELDS.url,
            credentials: { accessKeyId, accessKeySecret, securityToken },
          };

          expect(decodeToken(encodeToken(original))).toEqual(original);
        },
      ),
    );
  });

  test.each([
    ['is empty', '', 'neither JSON nor Base64'],
    ['is no Base64', 'top secret', 'neither JSON nor Base64'],
    ['is broken JSON', '{"url": "top secret', 'not JSON'],
    ['is no JSON', Buffer.from('top secret').toString('base64'), 'not JSON'],
    ['is no object', token(['top secret']), 'missing or invalid: '],
    ['lacks a field', token({ url: FIELDS.url, accessKeySecret: 'top secret' }), ': accessKeyId'],
    ['has an empty field', token({ ...FIELDS, accessKeySecret: '' }), ': accessKeySecret'],
    ['has no URL', token({ ...FIELDS, url: 'top secret' }), ': url'],
  ])('the MnsOss token is rejected when it %s, and the error does not quote it', (_when, text, reason) => {
    const error = thrownBy(() => decodeToken(text));

    expect(error).toBeInstanceOf(AppError);
    expect(error).toMatchObject({ code: 'TokenMalformed', message: expect.stringContaining(reason) });
    expect(JSON.stringify({ ...error, message: error.message })).not.toContain('top secret');
  });
});

function thrownBy(work: () => unknown): Error {
  try {
    work();
  } catch (error) {
    if (error instanceof Error) return error;
  }
  throw new Error('nothing was thrown');
}

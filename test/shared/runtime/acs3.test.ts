import { describe, expect, test } from 'vitest';
import {
  acs3Authorization,
  acs3ContentHash,
  acs3StringToSign,
  parseAcs3Authorization,
} from '../../../shared/runtime/acs3.ts';

const credentials = { accessKeyId: 'testAK', accessKeySecret: 'testSecret' };

/** The request for which FaceBody's official Node SDK gives the digests below. */
function detectFace() {
  const body =
    'ImageURL=https%3A%2F%2Fb.oss-cn-shanghai.aliyuncs.com%2Fin%2Fa.jpg&Landmark=false&MaxFaceNumber=10';
  return {
    method: 'POST',
    path: '/',
    headers: {
      host: '127.0.0.1:18080',
      accept: 'application/json',
      'content-type': 'application/x-www-form-urlencoded',
      'x-acs-action': 'DetectFace',
      'x-acs-version': '2019-12-30',
      'x-acs-date': '2026-01-01T00:00:00Z',
      'x-acs-signature-nonce': '00000000000000000000000000000001',
      'x-acs-content-sha256': acs3ContentHash(body),
      'x-acs-credentials-provider': 'static_ak',
    },
  };
}

describe('ACS3', () => {
  test('ACS3 computes the signature of the official SDK', () => {
    const request = detectFace();

    const stringToSign = acs3StringToSign(request);
    const authorization = acs3Authorization(credentials, request);

    expect(request.headers['x-acs-content-sha256']).toBe(
      '1f58c46f5bad6bdf38835d454d7ff7ceb97299333600536e2ca7328fc5ce03b0',
    );
    expect(stringToSign).toBe(
      'ACS3-HMAC-SHA256\nc26d567994111c10beac92e78003251e7c6b1716d785dd8f2dc115e6b30467b1',
    );
    expect(authorization).toMatch(
      /Signature=cc46508038909866e1aa315024b8ce1b378b273ce52a57379f2a562dc1ffb481$/,
    );
  });

  test('ACS3 sorts the query by its encoded names', () => {
    const request = {
      ...detectFace(),
      query: [
        ['b', '1 2'],
        ['a/', ''],
      ] as const,
    };
    const sorted = {
      ...detectFace(),
      query: [
        ['a/', ''],
        ['b', '1 2'],
      ] as const,
    };

    const stringToSign = acs3StringToSign(request);

    expect(stringToSign).toBe(acs3StringToSign(sorted));
    expect(stringToSign).not.toBe(acs3StringToSign(detectFace()));
  });

  test('ACS3 reads the header that it writes', () => {
    const header = acs3Authorization(credentials, detectFace());

    const claim = parseAcs3Authorization(header);

    expect(claim).toEqual({
      accessKeyId: 'testAK',
      signedHeaders: [
        'content-type',
        'host',
        'x-acs-action',
        'x-acs-content-sha256',
        'x-acs-credentials-provider',
        'x-acs-date',
        'x-acs-signature-nonce',
        'x-acs-version',
      ],
      signature: 'cc46508038909866e1aa315024b8ce1b378b273ce52a57379f2a562dc1ffb481',
    });
  });

  test.each(['', 'MNS a:b', 'ACS3-HMAC-SHA256 Credential=a,SignedHeaders=host'])(
    'ACS3 does not read %j',
    (header) => {
      expect(parseAcs3Authorization(header)).toBeUndefined();
    },
  );
});

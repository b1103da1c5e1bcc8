import { describe, expect, test } from 'vitest';
import { signMnsV2, signMnsV4, stringToSignMnsV2, stringToSignMnsV4 } from '../../../shared/mns/signature.ts';

describe('MNS signature V2', () => {
  test('MNS signature V2 signs the vector of the official Node SDK', () => {
    const text = stringToSignMnsV2({
      method: 'PUT',
      headers: {
        'content-md5': '574683b3684e3cff610afa155cc2506d',
        'content-type': 'text/xml',
        date: 'Tue, 11 Apr 2017 10:09:19 GMT',
        'x-mns-version': '2015-06-06',
      },
      target: '/',
    });

    const signature = signMnsV2('ACCESS_KEY_SECRET', text);

    expect(signature).toBe('A9zehggaYHHujmuRMxGIDrhWwx8=');
  });

  test('MNS signature V2 leaves lines empty for absent headers and signs the target with its query', () => {
    const text = stringToSignMnsV2({
      method: 'GET',
      headers: { date: 'Thu, 17 Mar 2016 18:49:58 GMT', 'x-mns-version': '2015-06-06' },
      target: '/queues/q/messages?waitseconds=20',
    });

    const signature = signMnsV2('sk', text);

    expect(signature).toBe('qZfbOQl4IJHAXBdt0hTTlIxBGoQ=');
  });

  test('MNS signature V2 takes the date from x-mns-date when there is no date', () => {
    const text = stringToSignMnsV2({ method: 'GET', headers: { 'x-mns-date': 'D' }, target: '/' });

    expect(text).toBe('GET\n\n\nD\nx-mns-date:D\n/');
  });
});

describe('MNS signature V4', () => {
  test('MNS signature V4 signs the vector of the official Java SDK', () => {
    const context = { date: '20250603T105235Z', region: 'region1' };
    const text = stringToSignMnsV4(context, {
      method: 'POST',
      path: '/queues/TestQueue/',
      query: [
        ['param1', 'abc'],
        ['PARAM2', 'd  ef'],
        ['PARAM3', '[def]#bbb'],
        ['PARAM4', '中文参数'],
      ],
      headers: {},
    });

    const signature = signMnsV4({ ...context, secret: 'sk1' }, text);

    expect(signature).toBe('1fc6013f158d4c3aba09570895a2a93c8445c2c5213d82a1463baf602cf0d945');
  });
});

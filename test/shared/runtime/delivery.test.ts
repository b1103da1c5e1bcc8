import { expect, test } from 'vitest';
import { deliveryOf } from '../../../shared/runtime/delivery.ts';
import { AppError, type ErrorCode } from '../../../shared/runtime/errors.ts';

test('a permanent error rejects, with its code beside the reason', () => {
  expect(deliveryOf(new AppError('InvalidImage', 'not a JPEG'))).toEqual({
    result: 'rejected',
    code: 'InvalidImage',
    reason: 'not a JPEG',
  });
});

test.each<[ErrorCode, true | undefined]>([
  ['ServiceUnavailable', undefined],
  ['Throttled', true],
  ['ConfigInvalid', undefined],
])('the error %s retries with overloaded %s and the time that it names', (code, overloaded) => {
  const error = new AppError(code, 'not now', { retryAfterMs: 250 });

  expect(deliveryOf(error)).toEqual({
    result: 'retry',
    reason: `${code}: not now`,
    retryAfterMs: 250,
    overloaded,
  });
});

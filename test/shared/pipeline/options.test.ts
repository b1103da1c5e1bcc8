import { describe, expect, test } from 'vitest';
import { readPipelineOptions } from '../../../shared/pipeline/options.ts';
import { type AppError, isAppError } from '../../../shared/runtime/errors.ts';

function failureOf(env: NodeJS.ProcessEnv): AppError {
  try {
    readPipelineOptions(env);
  } catch (error) {
    if (isAppError(error)) return error;
    throw error;
  }
  throw new Error('the options were accepted');
}

describe('readPipelineOptions', () => {
  test.each([
    { RESULT_PREFIX: 'incoming/results/' },
    { SOURCE_PREFIX: 'photos/', RESULT_PREFIX: 'photos/' },
    { SOURCE_PREFIX: 'r', RESULT_PREFIX: 'results/' },
  ])('readPipelineOptions refuses results below the watched prefix: %o', (env) => {
    const error = failureOf(env);

    expect(error.code).toBe('LoopRefused');
    expect(error.message).toContain('below the watched prefix');
    expect(error.message).toContain('RESULT_PREFIX');
  });

  test('readPipelineOptions allows results below the watched prefix in another bucket', () => {
    const options = readPipelineOptions({ RESULT_PREFIX: 'incoming/', RESULT_BUCKET: 'faces' });

    expect(options.resultBucket).toBe('faces');
  });

  test('UPLOAD_OSS_PATH of the original sample watches the whole bucket', () => {
    const options = readPipelineOptions({ UPLOAD_OSS_PATH: 'face-image/target' });

    expect(options.resultPrefix).toBe('face-image/target/');
    expect(options.sourcePrefix).toBe('');
  });

  test.each([
    ['/incoming/', 'no key begins with a slash'],
    ['\\\\incoming', 'no key begins with a slash'],
    ['../', 'no folders `.` and `..`'],
    ['incoming/./', 'no folders `.` and `..`'],
    ['incoming/,photos/', 'not a list'],
    ['incoming/; photos/', 'not a list'],
    ['["incoming/"]', 'without quotation marks and brackets'],
    ['incoming/*', 'not a pattern'],
    ['incoming\\\\a', 'end with `/`'],
    [' incoming/', 'no white space around it'],
    ['a'.repeat(1024), 'it has 1024 bytes'],
  ])('readPipelineOptions refuses the prefix %j by the name of its setting', (prefix, why) => {
    for (const name of ['SOURCE_PREFIX', 'RESULT_PREFIX']) {
      const error = failureOf({ [name]: prefix });

      expect(error.code).toBe('ConfigInvalid');
      expect(error.message).toContain(`${name} must be `);
      expect(error.message).toContain(why);
    }
  });

  test.each(['incoming', 'photos of 2024/', '张三/', 'a.b/..c/', 'x%2Fy/', 'a b+c/'])(
    'readPipelineOptions takes the prefix %j',
    (SOURCE_PREFIX) => {
      expect(readPipelineOptions({ SOURCE_PREFIX })).toMatchObject({ sourcePrefix: SOURCE_PREFIX });
    },
  );

  test('a result prefix ends the behaviour of UPLOAD_OSS_PATH', () => {
    const options = readPipelineOptions({ UPLOAD_OSS_PATH: 'target/', RESULT_PREFIX: 'results/' });

    expect(options).toMatchObject({ resultPrefix: 'results/', sourcePrefix: 'incoming/' });
  });

  test('readPipelineOptions reports all faults at once', () => {
    const error = failureOf({ MAX_BYTES: '12', ATTRIBUTES: 'beauty' });

    expect(error.code).toBe('ConfigInvalid');
    expect(error.details.faults).toHaveLength(2);
    expect(error.message).toMatch(
      /ATTRIBUTES must be .*got "beauty"; MAX_BYTES must be bytes, 1,024.*got "12"/,
    );
  });

  test.each([
    ['none', []],
    ['age, hat', ['age', 'hat']],
    ['', ['age', 'gender', 'expression', 'glasses', 'hat', 'mask']],
  ])('readPipelineOptions reads the attributes %j', (ATTRIBUTES, attributes) => {
    expect(readPipelineOptions({ ATTRIBUTES }).attributes).toEqual(attributes);
  });

  test('readPipelineOptions treats an empty variable as unset', () => {
    expect(readPipelineOptions({ RESULT_PREFIX: '' }).resultPrefix).toBe('results/');
  });
});

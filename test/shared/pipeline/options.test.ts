import { describe, expect, it } from 'vitest';
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

describe('the options of the pipeline', () => {
  it.each([
    { RESULT_PREFIX: 'incoming/results/' },
    { SOURCE_PREFIX: 'photos/', RESULT_PREFIX: 'photos/' },
    { SOURCE_PREFIX: 'r', RESULT_PREFIX: 'results/' },
  ])('refuse results below the watched prefix: %o', (env) => {
    const error = failureOf(env);

    expect(error.code).toBe('LoopRefused');
    expect(error.message).toContain('RESULT_PREFIX');
  });

  it('allow them in another bucket', () => {
    const options = readPipelineOptions({ RESULT_PREFIX: 'incoming/', RESULT_BUCKET: 'faces' });

    expect(options.resultBucket).toBe('faces');
  });

  it("go on understanding the original sample's name, which watched the whole bucket", () => {
    const options = readPipelineOptions({ UPLOAD_OSS_PATH: 'face-image/target' });

    expect(options.resultPrefix).toBe('face-image/target/');
    expect(options.sourcePrefix).toBe('');
  });

  it('report every fault at once', () => {
    const error = failureOf({ MAX_BYTES: '12', ATTRIBUTES: 'beauty' });

    expect(error.code).toBe('ConfigInvalid');
    expect(error.details.faults).toHaveLength(2);
    expect(error.message).toMatch(
      /ATTRIBUTES must be .*got "beauty"; MAX_BYTES must be bytes, 1,024.*got "12"/,
    );
  });

  it.each([
    ['none', []],
    ['age, hat', ['age', 'hat']],
    ['', ['age', 'gender', 'expression', 'glasses', 'hat', 'mask']],
  ])('read the attributes %j', (ATTRIBUTES, attributes) => {
    expect(readPipelineOptions({ ATTRIBUTES }).attributes).toEqual(attributes);
  });

  it('count an empty variable as unset', () => {
    expect(readPipelineOptions({ RESULT_PREFIX: '' }).resultPrefix).toBe('results/');
  });
});

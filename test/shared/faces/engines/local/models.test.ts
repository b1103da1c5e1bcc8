import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  MODEL_FILES,
  type ModelName,
  modelPath,
  readModel,
} from '../../../../../shared/faces/engines/local/models.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mnsoss-models-'));
});
afterAll(() => rm(folder, { recursive: true }));

test.each(Object.keys(MODEL_FILES) as ModelName[])(
  'model %s comes unchanged from its package',
  async (name) => {
    const bytes = await readModel(name);

    expect(bytes.length).toBeGreaterThan(1000);
    expect(modelPath(name).endsWith(join('model', MODEL_FILES[name].file))).toBe(true);
  },
);

test('the error of a missing model names its path', async () => {
  await expect(readModel('landmarks', folder)).rejects.toMatchObject({
    code: 'ModelMismatch',
    message: `cannot read the model file ${join(folder, 'fr_landmark.onnx')}`,
  });
});

test('a model with one changed byte is rejected', async () => {
  const bytes = Buffer.from(await readModel('detector'));
  bytes[1000]! ^= 1;
  await writeFile(join(folder, 'fr_detect.onnx'), bytes);

  await expect(readModel('detector', folder)).rejects.toMatchObject({
    code: 'ModelMismatch',
    details: { expected: MODEL_FILES.detector.sha256 },
  });
});

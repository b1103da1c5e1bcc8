import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { AppError } from '../../../runtime/errors.ts';

interface ModelFile {
  /** npm package that contains the file, in its folder `model/`. */
  readonly package: string;
  readonly file: string;
  readonly sha256: string;
}

/** Every file that this engine may read. docs/models.md has origins, licences and measurements. */
export const MODEL_FILES = {
  detector: {
    package: 'faceplugin-face-recognition-js',
    file: 'fr_detect.onnx',
    sha256: '6c0256ccd3164f844736a401faf936ec2930764a87ae39442180887d0c5c8854',
  },
  landmarks: {
    package: 'faceplugin-face-recognition-js',
    file: 'fr_landmark.onnx',
    sha256: 'f10b0ba1d2a8a099adefede1ebf3733e44fe370715e7303dbeb7f59c02142258',
  },
  embedding: {
    package: 'faceplugin-face-recognition-js',
    file: 'fr_feature.onnx',
    sha256: '87aacdfe57510db2af90c0251df680e8eec88f122ee94712121d09bcaaaf3581',
  },
  ageGenderManifest: {
    package: '@vladmandic/face-api',
    file: 'age_gender_model-weights_manifest.json',
    sha256: '74b60bf3ebf981bf4e661e9cca3a185614e10b25d797118b62e2a68d3ff2569f',
  },
  ageGenderWeights: {
    package: '@vladmandic/face-api',
    file: 'age_gender_model.bin',
    sha256: '49f92bbc0afef2342c4385e4a2b0acb6d7a727c6f0aa539499719a81acf9abaa',
  },
  expressionManifest: {
    package: '@vladmandic/face-api',
    file: 'face_expression_model-weights_manifest.json',
    sha256: '5b349c17c7836da506e03422cd6461c74085d8bb2713ad4114647dc5d28174c8',
  },
  expressionWeights: {
    package: '@vladmandic/face-api',
    file: 'face_expression_model.bin',
    sha256: '9a9840f2cf1f4c7eab95f197512569345c00d2426754d4608b92af30e0300f3d',
  },
  recognitionManifest: {
    package: '@vladmandic/face-api',
    file: 'face_recognition_model-weights_manifest.json',
    sha256: 'cbaffa501b0b9275a12b63357a6843e7e30c054e1c9151e1a5f879b26e32986b',
  },
  recognitionWeights: {
    package: '@vladmandic/face-api',
    file: 'face_recognition_model.bin',
    sha256: 'b413e420d6840b2775fba32008db6f3cddb07d485967fb42cfcf379c16a8c589',
  },
} as const satisfies Record<string, ModelFile>;

export type ModelName = keyof typeof MODEL_FILES;

/**
 * The path of a model file: in `modelsDir` or, without it, in the installed npm package. A bundle without
 * `node_modules` contains a folder with these files and passes it. Throws `ModelMismatch` when the package is missing.
 */
export function modelPath(name: ModelName, modelsDir?: string): string {
  const model = MODEL_FILES[name];
  if (modelsDir !== undefined) return join(modelsDir, model.file);
  try {
    const manifest = createRequire(import.meta.url).resolve(`${model.package}/package.json`);
    return join(dirname(manifest), 'model', model.file);
  } catch (cause) {
    throw new AppError('ModelMismatch', `${model.file}: package ${model.package} is not installed`, {
      cause,
    });
  }
}

/** Throws `ModelMismatch` when the file is missing or is not the one that the engine was measured with. */
export async function readModel(name: ModelName, modelsDir?: string): Promise<Uint8Array> {
  const path = modelPath(name, modelsDir);
  const bytes = await readFile(path).catch((cause: unknown) => {
    throw new AppError('ModelMismatch', `cannot read the model file ${path}`, { cause });
  });
  const expected = MODEL_FILES[name].sha256;
  const actual = createHash('sha256').update(bytes).digest('hex');
  if (actual !== expected) {
    throw new AppError('ModelMismatch', `${path} has SHA-256 ${actual}, expected ${expected}`, {
      details: { path, expected, actual },
    });
  }
  return bytes;
}

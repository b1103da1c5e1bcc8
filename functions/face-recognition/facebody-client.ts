import { createFaceBodyClient, type FaceBodyClient } from '../../shared/faces/engines/facebody/client.ts';
import {
  FACEBODY_OPTIONS,
  faceBodyQuota,
  faceBodySettings,
} from '../../shared/faces/engines/facebody/options.ts';
import { createPacing } from '../../shared/faces/pacing.ts';
import { readOptions } from '../../shared/runtime/options.ts';
import type { EngineParts } from './engine-parts.ts';

/** Where FaceBody runs. */
export function faceBodyRegion(env: NodeJS.ProcessEnv): string {
  return readOptions(FACEBODY_OPTIONS, env).facebodyRegion;
}

/** Quotas are counted an operation, and engine and gallery share none, so that each may have its own client. */
export function openFaceBodyClient({ env, credentials, clock, random }: EngineParts): FaceBodyClient {
  const options = readOptions(FACEBODY_OPTIONS, env);
  const pacing = createPacing({ clock, random, quota: faceBodyQuota(options) });
  return createFaceBodyClient({ settings: faceBodySettings(options), credentials, pacing, clock, random });
}

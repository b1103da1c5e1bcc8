import { createFaceBodyClient, type FaceBodyClient } from '../../faces/engines/facebody/client.ts';
import { FACEBODY_OPTIONS, faceBodyQuota, faceBodySettings } from '../../faces/engines/facebody/options.ts';
import { createPacing } from '../../faces/pacing.ts';
import { readOptions } from '../../runtime/options.ts';
import type { EngineDeps } from './engine-deps.ts';

/** The region in which FaceBody runs. */
export function faceBodyRegion(env: NodeJS.ProcessEnv): string {
  return readOptions(FACEBODY_OPTIONS, env).facebodyRegion;
}

/** Quotas are counted per operation. Engine and gallery share no operation, so each may have its own client. */
export function openFaceBodyClient({ env, credentials, clock, random }: EngineDeps): FaceBodyClient {
  const options = readOptions(FACEBODY_OPTIONS, env);
  const pacing = createPacing({ clock, random, quota: faceBodyQuota(options) });
  return createFaceBodyClient({ settings: faceBodySettings(options), credentials, pacing, clock, random });
}

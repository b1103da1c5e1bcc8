import type { Stage } from '../functions/face-recognition/support.ts';
import { documentOf } from '../functions/face-recognition/support.ts';

/** `processed`, or the name of the bound that the document gives, or `invalid` for a file that is no valid image. */
export async function outcomeOf(stage: Stage, key: string): Promise<{ outcome: string }> {
  const { outcome, error } = await documentOf(stage, key);
  const bound = /\b(max[A-Z]\w+) allows/.exec(error?.message ?? '')?.[1];
  return { outcome: bound ?? outcome };
}

import type { Operation } from './operation.ts';

/** A message that MNS pushes for a trigger of a topic. */
export const receivePush: Operation = async ({ params, body, headers }, { triggers }) => {
  const { function: functionName = '', trigger = '', secret = '' } = params;
  await triggers.receivePush({ functionName, trigger, secret }, body, headers);
  return { status: 204 };
};

import { z } from 'zod';
import { AppError } from '../../shared/runtime/errors.ts';
import { type FunctionProps, functionSchema } from './schema.ts';
import { renderTemplate } from './template.ts';

/** One function of a template, rendered and valid. */
export interface Deployed {
  /** The name of the resource in the template. */
  readonly name: string;
  readonly props: FunctionProps;
}

/** The account when none is given: no check depends on a particular account. */
const ANY_ACCOUNT = '1234567890123456';

/** Reads a template as `s deploy` would with this environment. Throws `ConfigInvalid` with every schema violation. */
export async function readDeployment(
  file: string,
  { env, accountId = ANY_ACCOUNT }: { env: NodeJS.ProcessEnv; accountId?: string },
): Promise<readonly Deployed[]> {
  const faults: string[] = [];
  const deployed: Deployed[] = [];
  for (const { name, component, props } of await renderTemplate(file, { env, accountId })) {
    const parsed = functionSchema.safeParse(props);
    if (component !== 'fc3') faults.push(`${name}: component ${component}: expected fc3`);
    else if (parsed.success) deployed.push({ name, props: parsed.data });
    else faults.push(...parsed.error.issues.map((issue) => `${name}: ${describe(issue)}`));
  }
  refuse(faults);
  return deployed;
}

/** Throws `ConfigInvalid` with all faults, one per line; returns when there are none. */
export function refuse(faults: readonly string[]): void {
  if (faults.length > 0) throw new AppError('ConfigInvalid', faults.join('\n'), { details: { faults } });
}

function describe({ path, message }: z.core.$ZodIssue): string {
  return path.length > 0 ? `${z.core.toDotPath(path)}: ${message}` : message;
}

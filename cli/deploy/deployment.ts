import { z } from 'zod';
import { AppError } from '../../shared/runtime/errors.ts';
import type { PublishedSchema } from './published-schema.ts';
import { type FunctionProps, functionSchema } from './schema.ts';
import { renderTemplate } from './template.ts';

/** One function of a template, rendered and valid. */
export interface Deployed {
  /** Name of the resource in the template. */
  readonly name: string;
  readonly props: FunctionProps;
}

/** Used where no account is given: no check depends on it. */
const ANY_ACCOUNT = '1234567890123456';

export interface ReadOptions {
  readonly env: NodeJS.ProcessEnv;
  readonly accountId?: string;
  /** Applied to functions in which our own schema finds no fault. */
  readonly published?: PublishedSchema;
}

/** Reads a template as `s deploy` would with this environment. Throws `ConfigInvalid` with every fault of its shape. */
export async function readDeployment(
  file: string,
  { env, accountId = ANY_ACCOUNT, published }: ReadOptions,
): Promise<readonly Deployed[]> {
  const faults: string[] = [];
  const deployed: Deployed[] = [];
  const { resources } = await renderTemplate(file, { env, accountId });
  for (const { name, component, props } of resources) {
    const parsed = functionSchema.safeParse(props);
    if (component !== 'fc3') {
      faults.push(`${name}: component ${component}: expected fc3`);
      continue;
    }
    const found = parsed.success ? published?.check(parsed.data) : parsed.error.issues.map(describe);
    faults.push(...(found ?? []).map((fault) => `${name}: ${fault}`));
    if (parsed.success) deployed.push({ name, props: parsed.data });
  }
  refuse(faults);
  return deployed;
}

/** Throws `ConfigInvalid` with every fault, one per line, unless there are none. */
export function refuse(faults: readonly string[]): void {
  if (faults.length > 0) throw new AppError('ConfigInvalid', faults.join('\n'), { details: { faults } });
}

function describe({ path, message }: z.core.$ZodIssue): string {
  return path.length > 0 ? `${z.core.toDotPath(path)}: ${message}` : message;
}

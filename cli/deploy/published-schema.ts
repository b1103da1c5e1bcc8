import { readdir, readFile, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { AppError } from '../../shared/runtime/errors.ts';

/** The schema that component fc3 publishes: its limits may be newer than ours. */
export interface PublishedSchema {
  readonly path: string;
  /** Faults of a function's props, one line each. */
  check(props: object): string[];
}

/**
 * The schema in the file `FC3_SCHEMA`, or of the newest component fc3 that Serverless Devs has fetched; `undefined` where
 * there is none. Throws `ConfigInvalid` for a file that is no schema.
 */
export async function findPublishedSchema(env: NodeJS.ProcessEnv): Promise<PublishedSchema | undefined> {
  const path = env.FC3_SCHEMA || (await newestComponentSchema(env));
  if (path === undefined) return undefined;
  try {
    const validate = new Ajv({ allErrors: true, strict: false }).compile(
      JSON.parse(await readFile(path, 'utf8')),
    );
    return {
      path,
      check(props) {
        if (validate(props)) return [];
        // The schema wants a folder as `code`; a deployment takes an object in OSS too, which `schema.ts` checks.
        const errors = (validate.errors ?? []).filter(
          ({ instancePath }) => !/^\/code(\/|$)/.test(instancePath),
        );
        return errors.map((error) =>
          `${error.instancePath.slice(1).replaceAll('/', '.')} ${error.message}`.trim(),
        );
      },
    };
  } catch (cause) {
    throw new AppError('ConfigInvalid', `${path} is no JSON Schema: point FC3_SCHEMA to that of fc3`, {
      cause,
    });
  }
}

/** Serverless Devs keeps what it fetches in folders `fc3` and `fc3@<version>`. */
async function newestComponentSchema(env: NodeJS.ProcessEnv): Promise<string | undefined> {
  const home = env.serverless_devs_config_home || env.HOME || homedir();
  const components = join(home, '.s/components/devsapp.cn/v3');
  const names = await readdir(components).catch(() => []);
  const candidates = names
    .filter((name) => /^fc3(@|$)/.test(name))
    .flatMap((name) => ['src', 'dist', '.'].map((folder) => join(components, name, folder, 'schema.json')));
  const found = await Promise.all(
    candidates.map(async (path) => ({
      path,
      time: await stat(path).then(
        ({ mtimeMs }) => mtimeMs,
        () => -1,
      ),
    })),
  );
  return found.filter(({ time }) => time >= 0).sort((left, right) => right.time - left.time)[0]?.path;
}

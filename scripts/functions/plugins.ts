import { createRequire } from 'node:module';
import { basename, join, relative, resolve } from 'node:path';
import type { Plugin } from 'esbuild';
import { chunkOf, LATE_BUILTINS, LATE_PACKAGES, LAZY_PACKAGES, UNUSED_PACKAGES } from './packages.ts';

/** Leaves out packages that no function uses. Using one throws an error that says so. */
export const withoutUnused: Plugin = {
  name: 'without-unused-packages',
  setup({ onResolve, onLoad }) {
    const unused = new RegExp(`^(${UNUSED_PACKAGES.join('|')})$`);
    onResolve({ filter: unused }, ({ path }) => ({ path, namespace: 'unused' }));
    onLoad({ filter: /.*/, namespace: 'unused' }, ({ path }) => ({
      contents: `module.exports = function () { throw new Error("${path} is left out of the bundle"); };`,
    }));
  },
};

/** The entry point that `joinFiles` resolves. */
export const JOINED = 'joined';

export interface SplitFiles {
  readonly entry: string;
  /** Folder of the split files; their paths are relative to the working directory. */
  readonly workdir: string;
  /** The entry's file, and those that it imports statically. */
  readonly atOnce: ReadonlySet<string>;
}

/** Joins files that esbuild has split: those of `atOnce` become one, and the others require from it what they share. */
export function joinFiles({ entry, workdir, atOnce }: SplitFiles): Plugin {
  const shared = [...atOnce].filter((path) => path !== join(workdir, `${entry}.js`));
  const isAtOnce = (path: string) => path === JOINED || atOnce.has(relative('.', path));
  return {
    name: 'join-files',
    setup({ onResolve, onLoad }) {
      onResolve({ filter: new RegExp(`^${JOINED}$`) }, () => ({ path: JOINED, namespace: JOINED }));
      onLoad({ filter: /.*/, namespace: JOINED }, () => ({
        contents: [
          `export * from "./${entry}.js";`,
          ...shared.map((path, index) => `export * as $${index} from "./${relative(workdir, path)}";`),
        ].join('\n'),
        resolveDir: resolve(workdir),
      }));

      onResolve({ filter: /^\./ }, ({ path, importer, resolveDir, kind }) => {
        if (kind === 'entry-point') return undefined;
        const target = join(resolveDir, path);
        if (isAtOnce(importer)) {
          if (isAtOnce(target)) return undefined;
          return { path: `./${relative(resolve(workdir), target)}`, external: true };
        }
        if (isAtOnce(target))
          return { path: `$${shared.indexOf(relative('.', target))}`, namespace: 'shared' };
        return { path: `./${basename(target)}`, external: true };
      });
      onLoad({ filter: /.*/, namespace: 'shared' }, ({ path }) => ({
        contents: `module.exports = require("file:../../${entry}.js").${path};`,
      }));

      onResolve({ filter: /^[^./]/ }, ({ path, importer, kind }) => {
        if (kind === 'entry-point') return undefined;
        if (path.startsWith('file:')) return { path: path.slice('file:'.length), external: true };
        if (LATE_BUILTINS.includes(path)) return { path, namespace: 'late', pluginData: path };
        const chunk = `${isAtOnce(importer) ? './' : '../../'}${chunkOf(path)}`;
        if (LATE_PACKAGES.includes(path)) return { path, namespace: 'late', pluginData: chunk };
        return { path: LAZY_PACKAGES.includes(path) ? chunk : path, external: true };
      });
      onLoad({ filter: /.*/, namespace: 'late' }, ({ path, pluginData: file }) => ({
        contents: standIn(createRequire(import.meta.url)(path), file),
      }));
    },
  };
}

/** A CommonJS module that has the exports of `module` and loads `file` when one is first used. */
function standIn(module: object, file: string): string {
  const getters = Object.keys(module).map((name) => `${JSON.stringify(name)}: { get: () => load().${name} }`);
  const target = typeof module === 'function' ? '(...args) => load()(...args)' : '{}';
  // Not enumerable: copying the exports would read all of them.
  return `const load = () => require("file:${file}");
    module.exports = Object.defineProperties(${target}, { ${getters.join(', ')} });`;
}

/** Packages that load slowly and are imported with `import()`: each becomes one file, loaded on demand. */
export const LAZY_PACKAGES = ['@alicloud/facebody20191230', '@alicloud/fc2'];

/** Packages that are imported statically but not always used: each file is loaded when an export is first used. */
export const LATE_PACKAGES = ['saxes', 'pino'];

/** Modules of Node that take milliseconds to load, loaded the same way: no handler needs them before its first request. */
export const LATE_BUILTINS = [
  'node:crypto',
  'node:http',
  'node:https',
  'node:net',
  'node:stream',
  'node:tls',
];

/** Packages with binaries, which are copied unchanged. */
export const NATIVE_PACKAGES = ['sharp', 'onnxruntime-node'];

/** pino requires it at once, but uses it only to write from another thread. A function, which may be frozen, must not. */
export const UNUSED_PACKAGES = ['thread-stream'];

/** Path of a package's bundle in the folder of a function. */
export const chunkOf = (name: string) => `chunks/${name.replace('@', '').replaceAll('/', '-')}.js`;

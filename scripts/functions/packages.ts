/** Packages that load slowly and are reached by `import()`: each becomes one file, read when it is asked for. */
export const LAZY_PACKAGES = ['@alicloud/facebody20191230', '@alicloud/fc2'];

/** Packages that are imported statically but not always used: their file is read at the first use of an export. */
export const LATE_PACKAGES = ['saxes', 'pino'];

/** Modules of Node that take milliseconds to load, treated the same: no handler needs them before its first request. */
export const LATE_BUILTINS = [
  'node:crypto',
  'node:http',
  'node:https',
  'node:net',
  'node:stream',
  'node:tls',
];

/** Packages with binaries, which are copied as they are. */
export const NATIVE_PACKAGES = ['sharp', 'onnxruntime-node'];

/** pino reads it at once, but needs it only to write in another thread, which a function that may be frozen must not. */
export const UNUSED_PACKAGES = ['thread-stream'];

/** Where in a function's folder the bundle of a package is. */
export const chunkOf = (name: string) => `chunks/${name.replace('@', '').replaceAll('/', '-')}.js`;

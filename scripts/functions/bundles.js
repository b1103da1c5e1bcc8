/**
 * The deployables of Function Compute: one row a function.
 * - `entries`: programs of the zip, by the name of their file.
 * - `lazy`: packages that load slowly and are not always needed; each becomes a chunk that is read when it is asked for.
 * - `native`: packages with binaries, copied as they are.
 * - `budgetKb`: the most kilobytes of JavaScript that an invocation has to load, chunks not counted.
 */
export const BUNDLES = {
  'face-recognition': {
    entries: {
      index: 'functions/face-recognition/fc.ts',
      server: 'functions/face-recognition/server.ts',
    },
    lazy: ['@alicloud/facebody20191230'],
    native: ['sharp'],
    budgetKb: 200,
  },
  'mns-poller': {
    entries: { index: 'functions/mns-poller/fc.ts' },
    lazy: ['@alicloud/fc2'],
    native: [],
    budgetKb: 120,
  },
};

/** What the local engine adds to a function that finds faces. */
export const LOCAL_ENGINE = { native: ['onnxruntime-node'], models: true };

/** Megabytes of a zip without models. */
export const ZIP_BUDGET_MB = 10;

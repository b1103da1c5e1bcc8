import { defineOptions, integer, optional } from '../../runtime/options.ts';

/** The processes that work on pictures. */
export const PICTURE_POOL_OPTIONS = defineOptions({
  engineWorkers: {
    env: 'ENGINE_WORKERS',
    ...optional(integer('processes', 1, 64)),
    about:
      'Processes that decode pictures, find faces and draw, each with models of its own (about 100 MB). Default: one per core as far as memory allows, at most 8, for `npm start` and the HTTP server; 1 in a managed runtime, where an instance has one picture at a time. Where pictures can be open at once, one more process starts when a costly picture comes, so that ordinary photos do not wait for it.',
  },
  engineQueue: {
    env: 'ENGINE_QUEUE',
    ...integer('pictures', 0, 1000),
    default: 16,
    about:
      'Pictures that may wait for a process, each with its file in memory. One more is sent back as `Throttled` and waits in its queue.',
  },
  engineMemoryMb: {
    env: 'ENGINE_MEMORY_MB',
    ...optional(integer('MB', 64, 1_048_576)),
    about:
      'Memory for decoding that all pictures in work share. A picture waits until its share is free. Default: what the machine, container or function has, minus 256 MB for the program and 128 MB per process.',
  },
});

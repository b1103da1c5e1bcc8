import { defineOptions, flag, integer, port } from '../../shared/runtime/options.ts';

/** Everything that configures the display. */
export const EVENT_DISPLAY_OPTIONS = defineOptions({
  showAttributes: {
    env: 'SHOW_ATTRIBUTES',
    ...flag,
    default: false,
    about: 'Whether the attributes of an event are printed above its data.',
  },
  port: {
    env: 'PORT',
    ...port,
    default: 8080,
    about: 'Port for events, `/livez` and `/readyz`.',
  },
  maxEventBytes: {
    env: 'MAX_EVENT_BYTES',
    ...integer('bytes', 1024, 33_554_432),
    default: 1_048_576,
    about: 'Larger requests are answered with 413.',
  },
  shutdownSeconds: {
    env: 'SHUTDOWN_SECONDS',
    ...integer('seconds', 0, 3600),
    default: 20,
    about: 'Time to finish after SIGTERM.',
  },
});

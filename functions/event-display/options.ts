import { defineOptions, flag, integer } from '../../shared/runtime/options.ts';

/** Everything that configures the display. */
export const EVENT_DISPLAY_OPTIONS = defineOptions({
  showAttributes: {
    env: 'SHOW_ATTRIBUTES',
    schema: flag,
    default: false,
    unit: 'true or false',
    about: 'Whether the attributes of an event are printed above its data.',
  },
  port: {
    env: 'PORT',
    schema: integer(0, 65_535),
    default: 8080,
    unit: 'port, 0 = any',
    about: 'Port for events, `/livez` and `/readyz`.',
  },
  maxEventBytes: {
    env: 'MAX_EVENT_BYTES',
    schema: integer(1024, 33_554_432),
    default: 1_048_576,
    unit: 'bytes, 1,024–33,554,432',
    about: 'Larger requests are answered with 413.',
  },
  shutdownSeconds: {
    env: 'SHUTDOWN_SECONDS',
    schema: integer(0, 3600),
    default: 20,
    unit: 'seconds, 0–3,600',
    about: 'Time to finish after SIGTERM.',
  },
});

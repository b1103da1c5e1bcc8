import { EVENT_DISPLAY_OPTIONS } from '../../../functions/event-display/options.ts';
import { RECEIVER_OPTIONS } from '../../../functions/face-recognition/cloudevents/options.ts';
import { FACE_RECOGNITION_OPTIONS } from '../../../functions/face-recognition/options.ts';
import { POLLER_OPTIONS } from '../../../functions/mns-poller/options.ts';
import { CONTROLLER_OPTIONS } from '../../../functions/mnsoss-controller/options.ts';
import { FACEBODY_OPTIONS } from '../../../shared/faces/engines/facebody/options.ts';
import { LOCAL_ENGINE_OPTIONS } from '../../../shared/faces/engines/local/options.ts';
import { PIPELINE_OPTIONS } from '../../../shared/pipeline/options.ts';
import { PEOPLE_OPTIONS } from '../../../shared/pipeline/people/options.ts';
import type { OptionSpecs } from '../../../shared/runtime/options.ts';

const CREDENTIALS = [
  'ALIBABA_CLOUD_ACCESS_KEY_ID',
  'ALIBABA_CLOUD_ACCESS_KEY_SECRET',
  'ALIBABA_CLOUD_SECURITY_TOKEN',
];

const names = (...tables: OptionSpecs[]) => [
  ...tables.flatMap((specs) => Object.values(specs).flatMap(({ env, aliases = [] }) => [env, ...aliases])),
  ...CREDENTIALS,
];

/** The environment variables that each program reads. */
export const PROGRAMS: Readonly<Record<string, readonly string[]>> = {
  'face-recognition': names(
    FACE_RECOGNITION_OPTIONS,
    RECEIVER_OPTIONS,
    PIPELINE_OPTIONS,
    PEOPLE_OPTIONS,
    FACEBODY_OPTIONS,
    LOCAL_ENGINE_OPTIONS,
  ),
  'mns-poller': names(POLLER_OPTIONS),
  'event-display': names(EVENT_DISPLAY_OPTIONS),
  'mnsoss-controller': names(CONTROLLER_OPTIONS),
};

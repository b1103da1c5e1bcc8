/** The names of all triggers in `deploy/triggers/`: those of another `TRIGGER` stay on the function until they are removed. */
export const KNOWN_TRIGGERS: readonly string[] = ['oss', 'oss-people', 'mns-topic', 'mns-queue', 'http'];

import type { Form } from '../form.ts';

/** guess: the characters of a database's name; doc: those of an entity's id. */
const NAME = /^[A-Za-z0-9_-]{1,64}$/;
/** doc: at most ten labels, separated by commas, without special characters except `_` and `-`. */
const LABELS = /^[\p{L}\p{N}_-]+(,[\p{L}\p{N}_-]+){0,9}$/u;

export const dbName = (form: Form): string => form.requiredText('DbName', { pattern: NAME });
export const newDbName = (form: Form): string => form.requiredText('Name', { pattern: NAME });
export const entityId = (form: Form): string => form.requiredText('EntityId', { pattern: NAME });
export const labels = (form: Form): string | undefined => form.text('Labels', { pattern: LABELS });

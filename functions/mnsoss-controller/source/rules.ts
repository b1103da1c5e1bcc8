import { EVENT_ATTRIBUTES } from '../../../shared/sinks/ce-overrides.ts';

/** A rule that OpenAPI cannot express: for the API server in CEL, and for the controller, in case the API server did not apply it. */
export interface Rule<T> {
  /** CEL over `self`. */
  readonly rule: string;
  readonly message: string;
  readonly holds: (self: T) => boolean;
}

interface SinkFields {
  readonly ref?: unknown;
  readonly uri?: string | undefined;
  readonly apiVersion?: string | undefined;
  readonly kind?: string | undefined;
  readonly name?: string | undefined;
  readonly namespace?: string | undefined;
}

const ABSOLUTE: Rule<SinkFields> = {
  rule: "has(self.ref) || !has(self.uri) || self.uri.matches('^https?://[^/]+')",
  message: 'uri without ref must be absolute: http:// or https://',
  holds: ({ ref, uri }) => ref !== undefined || uri === undefined || /^https?:\/\/[^/]+/.test(uri),
};

export const DESTINATION_RULES: readonly Rule<SinkFields>[] = [
  {
    rule: 'has(self.ref) || has(self.uri)',
    message: 'set ref or uri',
    holds: ({ ref, uri }) => ref !== undefined || uri !== undefined,
  },
  ABSOLUTE,
];

export const SINK_RULES: readonly Rule<SinkFields>[] = [
  {
    rule: 'has(self.ref) || has(self.uri) || has(self.name)',
    message: 'set ref or uri, or apiVersion, kind and name',
    holds: (sink) => sink.ref !== undefined || sink.uri !== undefined || sink.name !== undefined,
  },
  {
    rule: '!(has(self.ref) || has(self.uri)) || !(has(self.apiVersion) || has(self.kind) || has(self.name) || has(self.__namespace__))',
    message: 'apiVersion, kind, name and namespace must be in ref when ref or uri is set',
    holds: ({ ref, uri, apiVersion, kind, name, namespace }) =>
      (ref === undefined && uri === undefined) ||
      [apiVersion, kind, name, namespace].every((field) => field === undefined),
  },
  {
    rule: '!has(self.name) || (has(self.apiVersion) && has(self.kind))',
    message: 'name needs apiVersion and kind',
    holds: ({ name, apiVersion, kind }) =>
      name === undefined || (apiVersion !== undefined && kind !== undefined),
  },
  ABSOLUTE,
];

export const SPEC_RULES: readonly Rule<{ readonly topic?: string; readonly queue?: string }>[] = [
  {
    rule: 'has(self.topic) || has(self.queue)',
    message: 'set topic (of the event rule) or queue',
    holds: ({ topic, queue }) => topic !== undefined || queue !== undefined,
  },
];

export const EXTENSION_RULES: readonly Rule<Readonly<Record<string, string>>>[] = [
  {
    rule: "self.all(key, key.matches('^[a-z0-9]{1,20}$'))",
    message: 'names of extensions have 1 to 20 characters of a-z and 0-9',
    holds: (extensions) => Object.keys(extensions).every((key) => /^[a-z0-9]{1,20}$/.test(key)),
  },
  {
    rule: `self.all(key, !(key in [${EVENT_ATTRIBUTES.map((name) => `'${name}'`).join(', ')}]))`,
    message: 'an attribute that CloudEvents defines cannot be overridden',
    holds: (extensions) => !Object.keys(extensions).some((key) => EVENT_ATTRIBUTES.includes(key)),
  },
];

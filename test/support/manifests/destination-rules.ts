import type { Manifest, Rule } from './manifest.ts';

export const DESTINATION_RULES: Readonly<Record<string, Rule>> = {
  destination: (manifest) =>
    Object.entries(destinationsOf(manifest)).flatMap(([field, destination]) => {
      const { ref, uri } = destination ?? {};
      if (!ref && !uri) return [`${field}: expected ref or uri`];
      if (ref && !(ref.apiVersion && ref.kind && ref.name))
        return [`${field}.ref: expected apiVersion, kind and name`];
      if (!ref && !/^https?:\/\//.test(uri)) return [`${field}.uri: expected an absolute URL`];
      return [];
    }),
};

/** Destinations by the path of their field; `undefined` for a required one that is missing. */
export function destinationsOf({ kind, spec }: Manifest): Record<string, Manifest> {
  const deadLetters = spec?.delivery?.deadLetterSink;
  return {
    ...(['ContainerSource', 'SinkBinding', 'MnsOssSource'].includes(kind) && { sink: spec?.sink }),
    ...(kind === 'Trigger' && { subscriber: spec?.subscriber }),
    ...(deadLetters && { 'delivery.deadLetterSink': deadLetters }),
  };
}

/**
 * A setting for a message, without what may be secret in it, also if it is no valid URL: names and passwords before `@` or in place
 * of a port, and everything after `?` or `#`.
 */
export function withoutSecrets(text: string): string {
  return text
    .replace(/^.*@/s, (before) => `${/^[a-z][a-z0-9+.-]*:\/\//i.exec(before)?.[0] ?? ''}…@`)
    .replace(/(\/\/[^/:]*):(?!\d{1,5}(?:[/?#]|$)).*/s, '$1:…')
    .replace(/([?#]).+/s, '$1…');
}

/** The sender of a request. */
export type Caller =
  | { readonly kind: 'account'; readonly accountId: string; readonly accessKeyId: string }
  | { readonly kind: 'anonymous' };

/** The account id of a caller; empty if anonymous. */
export function accountOf(caller: Caller): string {
  return caller.kind === 'account' ? caller.accountId : '';
}

import type { Permits } from '../../access/policy.ts';

/** The sender of a request. */
export type Caller =
  | {
      readonly kind: 'account';
      readonly accountId: string;
      readonly accessKeyId: string;
      /** What the role of a temporary key allows. @default everything that its account may do */
      readonly permits?: Permits;
    }
  | { readonly kind: 'anonymous' };

/** The account id of a caller; empty if anonymous. */
export function accountOf(caller: Caller): string {
  return caller.kind === 'account' ? caller.accountId : '';
}

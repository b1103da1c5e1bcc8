declare module 'spdx-expression-parse' {
  export type Expression =
    | { readonly license: string; readonly plus?: true; readonly exception?: string }
    | { readonly conjunction: 'and' | 'or'; readonly left: Expression; readonly right: Expression };

  /** Throws for a text that is not an expression of SPDX. */
  export default function parse(text: string): Expression;
}

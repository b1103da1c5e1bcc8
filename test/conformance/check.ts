import { test } from 'vitest';

declare module 'vitest' {
  interface TaskMeta {
    /** Name of the operation in the API reference: a row of the table. */
    operation?: string;
    /** A column of the table. */
    client?: string;
    /** Whether the client is Alibaba Cloud's own. */
    official?: boolean;
  }
}

/** Declares that an operation works through a client: a test, and a part of a cell of the table. */
export type Check = (operation: string, title: string, work: () => Promise<void>) => void;

export function checkThrough(client: string, { official = false } = {}): Check {
  return (operation, title, work) =>
    test(`${operation} ${title}`, { meta: { operation, client, official } }, work);
}

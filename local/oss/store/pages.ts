import { setImmediate as nextTurn } from 'node:timers/promises';
import type { KeyIndex } from './index/key-index.ts';

export type Page = readonly (readonly [key: string, value: string])[];

const PAGE_ENTRIES = 500;

/** All entries of an index in order, a few at a time, so that requests are answered meanwhile. */
export async function* pagesOf(index: Pick<KeyIndex<unknown>, 'from'>): AsyncGenerator<Page> {
  for (let start: string | undefined = ''; start !== undefined; ) {
    const page: Page[number][] = [];
    for (const entry of index.from(start)) {
      page.push(entry);
      if (page.length === PAGE_ENTRIES) break;
    }
    start = page.length === PAGE_ENTRIES ? `${page.at(-1)![0]}\0` : undefined;
    yield page;
    await nextTurn();
  }
}

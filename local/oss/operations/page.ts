/** One page of a listing. `truncated` says that more items follow; an empty page is never truncated. */
export function takePage<T>(items: Iterable<T>, max: number): { page: T[]; truncated: boolean } {
  const page: T[] = [];
  for (const item of items) {
    if (page.length === max) return { page, truncated: max > 0 };
    page.push(item);
  }
  return { page, truncated: false };
}

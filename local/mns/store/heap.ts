/** A binary heap whose items know their place, so that any of them can leave in O(log n): nothing dead stays in memory. */
export interface Heap<T> {
  size(): number;
  first(): T | undefined;
  add(item: T): void;
  /** `false` when the item is not in the heap. */
  remove(item: T): boolean;
  /** The first `max` items in order; they stay. */
  take(max: number): T[];
  /** In no order. */
  items(): Iterable<T>;
}

/** `before` must not change its answer for items while they are in the heap. */
export function createHeap<T extends object>(before: (left: T, right: T) => boolean): Heap<T> {
  const heap: T[] = [];
  const places = new Map<T, number>();

  const put = (item: T, place: number) => {
    heap[place] = item;
    places.set(item, place);
  };
  const rise = (item: T, from: number): void => {
    let place = from;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      if (!before(item, heap[parent]!)) break;
      put(heap[parent]!, place);
      place = parent;
    }
    put(item, place);
  };
  const sink = (item: T, from: number): void => {
    let place = from;
    for (;;) {
      let child = 2 * place + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && before(heap[child + 1]!, heap[child]!)) child++;
      if (!before(heap[child]!, item)) break;
      put(heap[child]!, place);
      place = child;
    }
    put(item, place);
  };

  const add = (item: T) => rise(item, heap.push(item) - 1);
  const remove = (item: T): boolean => {
    const place = places.get(item);
    if (place === undefined) return false;
    places.delete(item);
    const last = heap.pop()!;
    if (place < heap.length) {
      sink(last, place);
      rise(last, places.get(last)!);
    }
    return true;
  };

  return {
    size: () => heap.length,
    first: () => heap[0],
    add,
    remove,
    take(max) {
      const taken: T[] = [];
      while (taken.length < max && heap.length > 0) {
        taken.push(heap[0]!);
        remove(heap[0]!);
      }
      taken.forEach(add);
      return taken;
    },
    items: () => heap,
  };
}

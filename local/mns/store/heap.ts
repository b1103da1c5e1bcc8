/** A binary heap that knows the index of each item, so that any item can be removed in O(log n). */
export interface Heap<T> {
  size(): number;
  first(): T | undefined;
  add(item: T): void;
  /** `false` if the item is not in the heap. */
  remove(item: T): boolean;
  /** The first `max` items in order; they stay. */
  take(max: number): T[];
  /** In no particular order. */
  items(): Iterable<T>;
}

/** The result of `before` must not change for items in the heap. */
export function createHeap<T extends object>(before: (left: T, right: T) => boolean): Heap<T> {
  const heap: T[] = [];
  const indices = new Map<T, number>();

  const put = (item: T, index: number) => {
    heap[index] = item;
    indices.set(item, index);
  };
  const rise = (item: T, from: number): void => {
    let index = from;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!before(item, heap[parent]!)) break;
      put(heap[parent]!, index);
      index = parent;
    }
    put(item, index);
  };
  const sink = (item: T, from: number): void => {
    let index = from;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && before(heap[child + 1]!, heap[child]!)) child++;
      if (!before(heap[child]!, item)) break;
      put(heap[child]!, index);
      index = child;
    }
    put(item, index);
  };

  const add = (item: T) => rise(item, heap.push(item) - 1);
  const remove = (item: T): boolean => {
    const index = indices.get(item);
    if (index === undefined) return false;
    indices.delete(item);
    const last = heap.pop()!;
    if (index < heap.length) {
      sink(last, index);
      rise(last, indices.get(last)!);
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

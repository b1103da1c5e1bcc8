import type { ResourcePool } from './resource-pool.ts';
import type { Slot } from './slot.ts';

/**
 * Where a picture is processed. Costly pictures have a process of their own, at low priority and one at a time, so that
 * ordinary photos do not wait for them.
 */
export interface Lane {
  readonly slot: Slot;
  /** Whether the picture may still move to the process of costly pictures. */
  readonly canMove: boolean;
  /** Waits for the process of costly pictures. Throws `Throttled` and `Aborted`. */
  move(): Promise<void>;
  /** Gives the process back. Idempotent. */
  leave(): void;
}

export interface Lanes {
  readonly ordinary: ResourcePool<Slot>;
  /** Absent: costly pictures are processed like the others. */
  readonly costly?: ResourcePool<Slot>;
}

export async function enterLane({ ordinary, costly }: Lanes, signal?: AbortSignal): Promise<Lane> {
  const enter = async (pool: ResourcePool<Slot>) => {
    const { resource: slot, release } = await pool.acquire(signal);
    const exit = slot.enter();
    let isInside = true;
    const leave = () => {
      if (!isInside) return;
      isInside = false;
      exit();
      release();
    };
    return { slot, leave };
  };
  let current = await enter(ordinary);
  let hasMoved = false;
  let hasLeft = false;
  return {
    get slot() {
      return current.slot;
    },
    get canMove() {
      return costly !== undefined && !hasMoved;
    },
    async move() {
      hasMoved = true;
      current.leave();
      current = await enter(costly!);
      // The picture was closed while it waited.
      if (hasLeft) current.leave();
    },
    leave() {
      hasLeft = true;
      current.leave();
    },
  };
}

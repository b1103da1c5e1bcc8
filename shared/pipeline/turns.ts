/** Gives out turns: holders of the same name come one after another, holders of different names run in parallel. */
export interface Turns {
  /** Waits for all earlier turns of this name. Resolves to the function that ends this turn. */
  take(name: string): Promise<() => void>;
}

export function createTurns(): Turns {
  const last = new Map<string, Promise<void>>();
  return {
    async take(name) {
      const before = last.get(name);
      let end = () => {};
      const turn = new Promise<void>((resolve) => {
        end = resolve;
      });
      last.set(name, turn);
      await before;
      return () => {
        if (last.get(name) === turn) last.delete(name);
        end();
      };
    },
  };
}

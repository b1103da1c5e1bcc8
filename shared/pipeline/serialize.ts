/**
 * Runs work of one name one after another and work of different names side by side: two events of one object must
 * not write its results at the same time.
 */
export function serialize(): <T>(name: string, work: () => Promise<T>) => Promise<T> {
  const tails = new Map<string, Promise<unknown>>();
  return (name, work) => {
    const before = tails.get(name) ?? Promise.resolve();
    const done = before.then(work, work);
    tails.set(name, done);
    const forget = () => {
      if (tails.get(name) === done) tails.delete(name);
    };
    done.then(forget, forget);
    return done;
  };
}

/**
 * Runs jobs of the same name one after another, and jobs of different names in parallel: two events of one object must
 * not write its results at the same time.
 */
export function serialize(): <T>(name: string, job: () => Promise<T>) => Promise<T> {
  const tails = new Map<string, Promise<unknown>>();
  return (name, job) => {
    const before = tails.get(name) ?? Promise.resolve();
    const done = before.then(job, job);
    tails.set(name, done);
    const forget = () => {
      if (tails.get(name) === done) tails.delete(name);
    };
    done.then(forget, forget);
    return done;
  };
}

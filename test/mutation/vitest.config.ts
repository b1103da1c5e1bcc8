import { defineConfig } from 'vitest/config';

/** The tests of one folder, as `scripts/mutation.ts` names them: fast ones, which start no program. */
export default defineConfig({
  test: {
    include: [process.env.MUTATION_TESTS ?? ''],
    // A mutant that makes a test wait forever fails it here. The slowest test takes about two seconds.
    testTimeout: 10_000,
    hookTimeout: 10_000,
  },
});

import { defineConfig } from 'vitest/config';

/** The tests of one folder, as `scripts/mutation.ts` names them: fast ones, which start no program. */
export default defineConfig({
  test: {
    include: [process.env.MUTATION_TESTS ?? ''],
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});

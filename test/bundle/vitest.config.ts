import { defineConfig } from 'vitest/config';

/** Run by `npm run test:bundle`, which names Function Compute's Node in `FC_NODE`. */
export default defineConfig({
  test: {
    include: ['test/bundle/**/*.test.ts', 'test/scripts/invoke-samples.test.ts'],
    testTimeout: 180_000,
    hookTimeout: 120_000,
    maxWorkers: 1,
    pool: 'forks',
  },
});

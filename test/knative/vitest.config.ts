import { defineConfig } from 'vitest/config';

/** Runs our programs on a cluster with kubectl: `npm run test:knative`. */
export default defineConfig({
  test: {
    include: ['test/knative/cluster/**/*.test.ts'],
    globalSetup: './test/knative/setup.ts',
    reporters: ['verbose', './test/support/closing-line.ts'],
    testTimeout: 300_000,
    hookTimeout: 180_000,
    // Each test file runs a cluster of processes.
    maxWorkers: 1,
    fileParallelism: false,
    pool: 'forks',
  },
});

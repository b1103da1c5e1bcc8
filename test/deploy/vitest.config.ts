import { defineConfig } from 'vitest/config';

/** The real command line of Serverless Devs deploys to a local cloud: `npm run test:deploy`. */
export default defineConfig({
  test: {
    include: ['test/deploy/**/*.test.ts'],
    globalSetup: './test/support/run-folder.ts',
    reporters: ['verbose', './test/support/closing-line.ts'],
    testTimeout: 240_000,
    hookTimeout: 120_000,
    // Each test runs processes of its own.
    maxWorkers: 1,
    fileParallelism: false,
    pool: 'forks',
  },
});

import { defineConfig } from 'vitest/config';

/** Scenarios that take minutes, one per file: `npm run test:chaos`. */
export default defineConfig({
  test: {
    include: ['test/chaos/**/*.test.ts'],
    globalSetup: './test/support/run-folder.ts',
    reporters: ['default', './test/support/closing-line.ts'],
    testTimeout: 1_800_000,
    hookTimeout: 60_000,
    maxWorkers: 1,
    pool: 'forks',
  },
});

import { defineConfig } from 'vitest/config';

/** Pictures made to harm, against the receiver and the function at the limits they ship with: `npm run test:hostile`. */
export default defineConfig({
  test: {
    include: ['test/hostile/**/*.test.ts'],
    globalSetup: './test/support/run-folder.ts',
    reporters: ['default', './test/support/closing-line.ts'],
    testTimeout: 300_000,
    hookTimeout: 300_000,
    maxWorkers: 1,
    pool: 'forks',
  },
});

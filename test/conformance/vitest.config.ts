import { defineConfig } from 'vitest/config';

/** Official clients against the local cloud, and what came of it as a table: `npm run test:conformance`. */
export default defineConfig({
  test: {
    include: ['test/conformance/**/*.test.ts'],
    setupFiles: ['./test/conformance/resolve-oss-local.ts'],
    reporters: ['default', './test/conformance/table-reporter.ts', './test/support/closing-line.ts'],
    testTimeout: 30_000,
    hookTimeout: 30_000,
    maxWorkers: 2,
    pool: 'forks',
  },
});

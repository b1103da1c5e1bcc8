import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: [
      'test/chaos/**',
      'test/conformance/**',
      'test/bundle/**',
      'test/deploy/**',
      'test/hostile/**',
      'test/knative/cluster/**',
    ],
    globalSetup: './test/support/run-folder.ts',
    reporters: ['default', './test/support/closing-line.ts'],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    // Two cores: the servers under test and the tests that drive them share them.
    maxWorkers: 2,
    pool: 'forks',
  },
});

import { defineConfig } from 'vitest/config';

const SCENARIO_MS = 240_000;

export default defineConfig({
  test: {
    // A test that leaves a promise behind fails here rather than in a run somewhere else.
    dangerouslyIgnoreUnhandledErrors: false,
    allowOnly: !process.env.CI,
    projects: [
      {
        test: {
          name: 'quick',
          include: ['test/**/*.test.ts'],
          exclude: ['test/scenario/**', 'test/browser/**', 'test/crash/**'],
          pool: 'forks',
          testTimeout: 20_000,
          hookTimeout: 30_000,
        },
      },
      {
        test: {
          name: 'scenario',
          include: ['test/scenario/**/*.test.ts', 'test/browser/**/*.test.ts'],
          // Each runs Terraform, which fills two cores by itself: one file after another.
          fileParallelism: false,
          pool: 'forks',
          testTimeout: SCENARIO_MS,
          hookTimeout: SCENARIO_MS,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          name: 'crash',
          include: ['test/crash/**/*.test.ts'],
          // One file mostly waits; another one fills two processors with processes of its own.
          maxWorkers: 2,
          pool: 'forks',
          testTimeout: 120_000,
          hookTimeout: 120_000,
          sequence: { groupOrder: 2 },
        },
      },
    ],
    sequence: { groupOrder: 0 },
  },
});

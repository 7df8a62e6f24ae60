import { defineConfig } from 'vitest/config';
import { LongestFirst } from './test/support/longest-first.ts';

/** Two cores take three files: where one waits for a tool or a chat, another works. */
const WORKERS = 3;
const REAL_TOOLS_MS = 240_000;
const realTools = { pool: 'forks', testTimeout: REAL_TOOLS_MS, hookTimeout: REAL_TOOLS_MS } as const;

/**
 * Which project a test is in says the end of its file's name: `.tools.test.ts` runs real Terraform, OpenTofu, opa,
 * moto or a browser, `.aws.test.ts` the AWS provider too, `.long.test.ts` proves more by taking longer (`npm run test:long`).
 */
export default defineConfig({
  test: {
    // A test that leaves a promise behind fails here rather than in a run somewhere else.
    dangerouslyIgnoreUnhandledErrors: false,
    allowOnly: !process.env.CI,
    maxWorkers: WORKERS,
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        test: {
          name: 'quick',
          include: ['test/**/*.test.ts'],
          exclude: ['test/**/*.{tools,aws,long}.test.ts', 'test/crash/**'],
          pool: 'forks',
          // Half of their CPU time was to load the same modules anew for each file; nothing in src keeps global state.
          isolate: false,
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      { test: { name: 'tools', include: ['test/**/*.tools.test.ts'], ...realTools } },
      { test: { name: 'aws', include: ['test/**/*.aws.test.ts'], ...realTools } },
      {
        test: {
          name: 'crash',
          include: ['test/crash/**/*.test.ts'],
          exclude: ['test/**/*.long.test.ts'],
          ...realTools,
        },
      },
      { test: { name: 'long', include: ['test/**/*.long.test.ts'], ...realTools } },
    ],
  },
});

import { defineConfig } from 'vitest/config';
import { LongestFirst } from './test/support/longest-first.ts';

/** Two cores take three files: where one waits for a tool or a chat, another works. */
const WORKERS = 3;
/** For tests that never end. Other tests on the same cores make a test take many times its usual time. */
const TIME_LIMIT_MS = 240_000;
/** The same for long tests, of which three run at a time. */
const LONG_LIMIT_MS = 900_000;
/** A test that never stops making objects fails, before it takes the machine's memory from all others. */
const execArgv = ['--max-old-space-size=3072'];
/** The default of one second is short beside other tests on the same cores. */
const expectIn = { poll: { timeout: 15_000 } };
const realTools = {
  ...{ pool: 'forks', execArgv, expect: expectIn },
  ...{ testTimeout: TIME_LIMIT_MS, hookTimeout: TIME_LIMIT_MS },
} as const;

/**
 * Which project a test is in says the end of its file's name: `.tools.test.ts` runs real Terraform, OpenTofu, opa,
 * moto or a browser, `.long.test.ts` takes longer or needs the AWS provider (`npm run test:long`).
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
          exclude: ['test/**/*.{tools,long}.test.ts', 'test/crash/**'],
          pool: 'forks',
          execArgv,
          expect: expectIn,
          // Half of their CPU time was to load the same modules anew for each file; nothing in src keeps global state.
          isolate: false,
          testTimeout: TIME_LIMIT_MS,
          hookTimeout: TIME_LIMIT_MS,
        },
      },
      // To load all of m0 anew for each file took five seconds of CPU time; none of the files keeps global state.
      { test: { name: 'tools', include: ['test/**/*.tools.test.ts'], isolate: false, ...realTools } },
      {
        test: {
          name: 'crash',
          include: ['test/crash/**/*.test.ts'],
          exclude: ['test/**/*.long.test.ts'],
          ...realTools,
        },
      },
      {
        test: {
          name: 'long',
          include: ['test/**/*.long.test.ts'],
          ...realTools,
          testTimeout: LONG_LIMIT_MS,
          hookTimeout: LONG_LIMIT_MS,
        },
      },
    ],
  },
});

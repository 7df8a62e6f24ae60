/** A stack with safe defaults, for stacks that m0.yaml does not have. */
import type { Stack } from './directory.ts';

/**
 * A stack that m0.yaml does not have: it was removed from it, or it is made up for a preview. Nobody may approve on
 * it, no policy decides for it, and nothing is ever applied, unless `change` sets it otherwise.
 */
export function bareStack(name: string, environment: string, change: Partial<Stack> = {}): Stack {
  return {
    name,
    environment,
    source: { git: '', ref: '', path: '' },
    tool: 'terraform',
    toolVersion: null,
    workspace: 'default',
    varFiles: [],
    env: {},
    schedule: [],
    timezone: 'UTC',
    realign: 'never',
    policies: [],
    channels: [],
    approvers: { from: [], need: 1, notTheAuthor: true },
    ignore: [],
    ...change,
  };
}

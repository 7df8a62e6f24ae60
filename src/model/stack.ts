import type { Stack } from './directory.ts';

/**
 * A stack that m0.yaml does not have (one that is gone from it, one made up for a look): nobody may approve on
 * it, no policy decides for it, and nothing of it is ever applied unless `change` says otherwise.
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

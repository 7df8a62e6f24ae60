/** Sample stacks and people, as m0.yaml would define them. */
import type { Directory, Person, Stack } from '../../src/model/directory.ts';

const PEOPLE: readonly Person[] = [
  { key: 'dana', name: 'Dana', slack: 'U0DANA', teams: null, email: 'dana@acme.dev' },
  { key: 'kim', name: 'Kim', slack: 'U0KIM', teams: null, email: 'kim@acme.dev' },
  { key: 'eve', name: 'Eve', slack: 'U0EVE', teams: null, email: 'eve@acme.dev' },
];

/** A stack that the group `sre` and the people on call may approve. */
export function stack(change: Partial<Stack> = {}): Stack {
  return {
    name: 'prod-network',
    environment: 'prod',
    source: { git: 'https://git.acme.dev/infra.git', ref: 'main', path: 'envs/prod/network' },
    tool: 'terraform',
    toolVersion: null,
    workspace: 'default',
    varFiles: [],
    env: {},
    schedule: ['0 */2 * * *'],
    timezone: 'Europe/Berlin',
    realign: 'policy',
    policies: [],
    channels: [{ platform: 'slack', channel: 'C0OPS' }],
    approvers: { from: ['sre', 'oncall:primary'], need: 1, notTheAuthor: true },
    ignore: [],
    ...change,
  };
}

/** Dana and Kim are sre, Eve is dev; `primary` is on call. */
export function directory(change: Partial<Directory> = {}): Directory {
  return {
    stacks: [stack()],
    people: PEOPLE,
    groups: { sre: ['dana', 'kim'], dev: ['eve'] },
    oncall: {
      primary: {
        kind: 'rotation',
        people: ['dana', 'kim'],
        everyMs: 7 * 86_400_000,
        from: Date.parse('2026-01-05T09:00:00Z'),
      },
    },
    may: { snooze: null, accept: null },
    timezone: 'Europe/Berlin',
    ...change,
  };
}

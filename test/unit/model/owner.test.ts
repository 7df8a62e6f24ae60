import { expect, it } from 'vitest';
import { LEASE_MS, mayTakeOver, type Owner } from '../../../src/model/owner.ts';

const NOW = 1_000_000;
const OWNER: Owner = {
  ...{ host: 'a', pid: 7, process: 'space/1', since: 0, fence: 3 },
  heartbeatAt: NOW - 1_000,
  expiresAt: NOW - 1_000 + LEASE_MS,
};

it.each([
  { about: 'its process has ended', state: 'ended', now: NOW, silentMs: 0, free: true },
  { about: 'its process runs', state: 'running', now: NOW, silentMs: 0, free: false },
  { about: 'its process can’t be seen from here', state: 'elsewhere', now: NOW, silentMs: 0, free: false },
  {
    about: 'its lease is about to end',
    state: 'elsewhere',
    now: OWNER.expiresAt - 1,
    silentMs: 0,
    free: false,
  },
  {
    about: 'its lease is over, as after SIGSTOP',
    state: 'running',
    now: OWNER.expiresAt,
    silentMs: 0,
    free: true,
  },
  {
    about: 'a clock was set back and it is silent',
    state: 'elsewhere',
    now: 0,
    silentMs: LEASE_MS,
    free: true,
  },
  {
    about: 'a clock was set back a moment ago',
    state: 'elsewhere',
    now: 0,
    silentMs: LEASE_MS - 1,
    free: false,
  },
] as const)('$about: free is $free', ({ state, now, silentMs, free }) => {
  expect(mayTakeOver(OWNER, { state, now, silentMs, leaseMs: LEASE_MS })).toBe(free);
});

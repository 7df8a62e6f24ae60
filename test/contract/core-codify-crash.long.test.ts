/** m0 is killed around each stored step of what goes into the code, and right after the host has something. */
import { expect, it } from 'vitest';
import { Core, STACK } from '../support/core.ts';
import { sshFinding } from '../support/runs.ts';

const SSH = sshFinding();
const OTHER = sshFinding('198.51.100.9/32');
const WEB = SSH.address;
const FILE = 'envs/prod/network/main.tf';
const ROUNDS = 14;

interface Way {
  readonly name: string;
  /** What happens once the pull request is open; called until it returns true. */
  readonly happens: (core: Core) => boolean;
  readonly ends: string;
  /** How often m0 may ask people about the drift again. */
  readonly asksAgain: boolean;
  /** How many commits of codifications there are at least. */
  readonly steps: number;
}

function host(core: Core, state: 'merged' | 'closed'): boolean {
  const [hosted] = core.forge.hosted;
  if (hosted === undefined) return false;
  if (state === 'merged') core.cloud.drift.set(STACK, []);
  hosted.state = state === 'merged' ? { state, by: 'Kim', commit: 'c0ffee' } : { state, by: 'Kim' };
  return true;
}

const WAYS: readonly Way[] = [
  {
    name: 'closed by a person',
    happens: (core) => host(core, 'closed'),
    ends: 'closed',
    asksAgain: true,
    steps: 5,
  },
  {
    name: 'gone by itself',
    happens(core) {
      core.cloud.drift.set(STACK, []);
      return true;
    },
    ...{ ends: 'closed', asksAgain: false, steps: 5 },
  },
  {
    name: 'moved, and merged then',
    happens(core) {
      if (core.cloud.drift.get(STACK)?.[0]?.fingerprint === SSH.fingerprint) {
        core.cloud.drift.set(STACK, [OTHER]);
        core.forge.answer = { ...core.forge.answer, files: new Map([[FILE, 'moved\n']]) } as never;
        core.cloud.driftAt.set(`${core.forge.commit(2)} ${STACK}`, []);
        return false;
      }
      return (core.forge.hosted[0]?.published ?? 0) > 1 && host(core, 'merged');
    },
    ...{ ends: 'done', asksAgain: false, steps: 9 },
  },
];

type Kill = { readonly at: number; readonly when: 'before' | 'after' } | { readonly when: 'at the host' };

/** Plays it whole; true if m0 was killed on the way. */
async function play(way: Way, kill: Kill): Promise<boolean> {
  const core = await Core.open();
  let commits = 0;
  let dead = false;
  let killed = false;
  const die = (): void => {
    dead = true;
    killed = true;
  };
  core.storeFault = () => (dead ? new Error('killed') : null);
  core.beforeCommit = async (changes) => {
    if (!changes.some(({ type }) => type.startsWith('codification.')) || kill.when === 'at the host') return;
    commits += 1;
    if (commits !== kill.at) return;
    die();
    // After: this one is stored, and nothing after it is.
    if (kill.when === 'before') throw new Error('killed');
  };
  if (kill.when === 'at the host') {
    core.forge.next('publish', () => {
      die();
      throw new Error('killed');
    });
  }
  async function living(work: () => Promise<unknown>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (!dead) throw error;
    }
    if (!dead) return;
    dead = false;
    await core.restart();
  }
  try {
    await core.worker.start();
    core.cloud.drift.set(STACK, [SSH]);
    const { id } = await core.check();
    core.cloud.driftAt.set(`${core.forge.commit(1)} ${STACK}`, []);
    await living(() => core.say(`codify #${id} ${WEB}`));
    if ((await core.store.codifications({})).length === 0) await core.say(`codify #${id} ${WEB}`);
    let happened = false;
    for (let round = 0; round < ROUNDS; round += 1) {
      await living(() => core.codify());
      const [one] = await core.store.codifications({});
      if (one?.state === way.ends) break;
      if (one?.state === 'open' && !happened) happened = way.happens(core);
      core.now += 11 * 60_000;
      await living(() => core.check());
    }
    await core.deliver();
    const [one, ...more] = await core.store.codifications({});
    expect(one?.state).toBe(way.ends);
    expect(more).toEqual([]);
    expect(core.forge.hosted).toHaveLength(1);
    expect(core.forge.hosted[0]?.state.state).toBe(way.ends === 'done' ? 'merged' : 'closed');
    expect(await core.store.exemptions(STACK)).toEqual([]);
    expect(core.cloud.applies).toEqual([]);
    expect(core.cloud.kept.size).toBe(0);
    const [newest] = await core.store.runs({ stack: STACK, states: ['awaiting_approval', 'clean', 'quiet'] });
    expect(newest?.state).toBe(way.asksAgain ? 'awaiting_approval' : 'clean');
    const entries = (await core.store.audit({ stack: STACK })).map(({ action }) => action);
    const ends = entries.filter((action) => action === 'codify-done' || action === 'codify-ended');
    expect(ends).toHaveLength(1);
    await core.checkInvariants();
    return killed;
  } finally {
    await core.close();
  }
}

for (const way of WAYS) {
  it(`${way.name}: one pull request, and nothing is left alone after it, wherever m0 is killed`, async () => {
    let at = 1;
    while (await play(way, { at, when: 'before' })) {
      expect(await play(way, { at, when: 'after' })).toBe(true);
      at += 1;
    }
    expect(at).toBeGreaterThan(way.steps);
    expect(await play(way, { when: 'at the host' })).toBe(true);
  });
}

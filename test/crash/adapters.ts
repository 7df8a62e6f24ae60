/** Adapters between m0's core and the cloud, policies and chat of a `World`, which outlives a killed m0. */

import type { PolicyAnswer } from '../../src/decisions/decision.ts';
import type { CodeVersion } from '../../src/model/code-version.ts';
import type { RunState, SavedPlan } from '../../src/model/run.ts';
import { ChatError, type ChatPort } from '../../src/ports/chat.ts';
import type { PolicyPort } from '../../src/ports/policy.ts';
import type { CodePort, Runner } from '../../src/ports/runner.ts';
import { plannedFrom } from '../support/planned-changes.ts';
import { CODE, withInputs } from '../support/runs.ts';
import type { Doing, World } from './world.ts';

/** The last good commit of every policy. */
const BUNDLE = 'a1b2c3d4e5f60718293a4b5c6d7e8f9001122334';

export interface AdapterParts {
  readonly world: World;
  /** Runs while m0 waits for the answer; a rejection replaces the answer. */
  readonly meanwhile: (doing: Doing) => Promise<void>;
  /** Called when an apply has reverted one of several resources. */
  readonly halfway: (artifact: string) => void;
  /** The stored run of a stack in a state, and its decision. */
  readonly stored: (
    stack: string,
    state: RunState,
  ) => Promise<{ readonly id: number; readonly scope: readonly string[] } | undefined>;
}

/** A plan finds the drift. An apply of a plan that is still kept reverts, one by one, the resources it touches. */
export function createRunner({ world, meanwhile, halfway, stored }: AdapterParts): Runner & CodePort {
  const codeNow = (): CodeVersion => ({ ...CODE, commit: world.commit });
  return {
    async head() {
      await meanwhile('head');
      return codeNow();
    },

    async plan(stack, { only, signal }) {
      const madeAt = world.clock();
      await meanwhile('plan');
      signal.throwIfAborted();
      if (only?.length === 0) throw new Error('a plan of no address');
      const findings = (world.drift.get(stack.name) ?? []).filter(
        (f) => only === null || only.includes(f.address),
      );
      const touches = findings.map((f) => f.address);
      const plan: SavedPlan = {
        artifact: `plan-${world.of('planned').length + 1}`,
        madeAt,
        targets: only,
        touches,
      };
      world.add({ type: 'planned', stack: stack.name, plan, only });
      const n = findings.length;
      const counts = { findings: n, cloud: n, code: 0, both: 0, create: 0, update: n };
      return {
        code: withInputs(codeNow(), stack.source),
        plan,
        analysis: {
          ...plannedFrom(findings),
          outputs: [],
          noise: [],
          counts: { ...counts, delete: 0, replace: 0, noise: 0 },
          secrets: [],
          untold: [],
          resourcesInState: world.resources.get(stack.name) ?? 5,
          checks: (world.failing.get(stack.name) ?? []).map((address) => ({
            ...{ address, kind: 'check', status: 'fail', problems: ['it says no'] },
          })),
        },
        document: {},
      };
    },

    async apply(stack, { artifact }) {
      const plan = world.plans.get(artifact);
      if (!plan) throw new Error(`opening the saved plan ${artifact}: it is gone; plan again`);
      const run = await stored(stack.name, 'applying');
      if (!run) throw new Error(`an apply of ${stack.name} without a run that is applying`);
      const touched = [...plan.touches].sort();
      const scope = [...run.scope].sort();
      await meanwhile('lock');
      world.add({ type: 'apply-began', artifact, stack: stack.name, run: run.id, touched, scope });
      halfway(`apply of ${artifact}: it has begun`);
      for (const [index, address] of touched.entries()) {
        world.add({ type: 'put-back', stack: stack.name, address });
        if (index === 0) {
          if (touched.length > 1) halfway(`apply of ${artifact}: one of ${touched.length} is put back`);
          await ended(artifact, () => meanwhile('apply'));
        }
      }
      world.add({ type: 'apply-ended', artifact });
      return { log: '' };
    },

    async discard({ artifact }) {
      if (world.plans.has(artifact)) world.add({ type: 'discarded', artifact });
    },

    async discardAllBut(held, stack) {
      for (const { plan, stack: of } of world.of('planned')) {
        if (!world.plans.has(plan.artifact) || held.includes(plan.artifact)) continue;
        if (stack === undefined || of === stack) world.add({ type: 'discarded', artifact: plan.artifact });
      }
    },

    async discardOfIdle(busyStacks) {
      const made = world.of('planned').filter(({ plan }) => world.plans.has(plan.artifact));
      const busy = await busyStacks();
      for (const { plan, stack } of made) {
        if (!busy.includes(stack)) world.add({ type: 'discarded', artifact: plan.artifact });
      }
    },
  };

  /** Records that the tool ended, also after it failed. */
  async function ended(artifact: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      world.add({ type: 'apply-ended', artifact });
      throw error;
    }
  }
}

export function createPolicies({ world, meanwhile }: AdapterParts): PolicyPort {
  return {
    async ask({ stack, approvers }) {
      await meanwhile('ask');
      return stack.policies.map(({ name, mode }): PolicyAnswer => {
        const policy = world.policies.get(name);
        const approved = approvers.length > 0 ? policy?.onceApproved : undefined;
        const stale = world.stale.get(name);
        return {
          ...{ policy: name, mode, commit: BUNDLE },
          outcome: { ok: true, messages: approved ?? policy?.says ?? [] },
          ...(stale === undefined ? {} : { stale }),
        };
      });
    },

    status: async (sources) =>
      sources.map(({ name, mode }) => ({
        ...{ policy: name, mode, commit: BUNDLE, readsApprovers: false, rules: [], leftOut: [] },
        stale: world.stale.get(name) ?? null,
      })),
  };
}

/** Does not post a message twice under one key, like Slack's adapter, which finds its earlier post. */
export function createChat(world: World, channels: readonly string[]): ChatPort {
  return {
    platform: 'slack',
    async post(place, card, key) {
      const channel = world.channelOf(place);
      if ('channel' in place && !channels.includes(channel)) {
        throw new ChatError(`posting to ${channel}: there is no such channel`, { permanent: true });
      }
      if ('user' in place && world.unreachable.has(place.user)) {
        throw new ChatError(`opening direct messages with ${place.user}: users_not_found`, {
          permanent: true,
        });
      }
      const before = world.in(channel).find((m) => m.key === key);
      if (before) return { channel, messageId: before.id };
      const id = `ts-${world.messages.length + 1}`;
      world.add({ type: 'posted', channel, id, key, card });
      return { channel, messageId: id };
    },
    async find(place, key) {
      const channel = world.channelOf(place);
      const before = world.in(channel).find((m) => m.key === key);
      return before === undefined ? null : { channel, messageId: before.id };
    },
    async update(channel, messageId, card) {
      world.message(channel, messageId);
      world.add({ type: 'updated', channel, id: messageId, card });
    },
    async reply(channel, messageId, text, key) {
      const { replies } = world.message(channel, messageId);
      if (!replies.some((r) => r.key === key))
        world.add({ type: 'replied', channel, id: messageId, key, text });
    },
    linkTo: async () => null,
    usergroup: (id) => Promise.reject(new ChatError(`reading the members of ${id}: no answer`)),
  };
}

/** Plays a story against m0 from its current step: events, people's commands, and commands repeated after a kill. */
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { sendDigest } from '../../src/alerts/digest.ts';
import { escalate } from '../../src/alerts/escalation.ts';
import { M0 as BY_ITSELF } from '../../src/model/run.ts';
import { RunnerError } from '../../src/ports/runner-error.ts';
import { lastTicks } from '../../src/schedule/last-ticks.ts';
import { buttonsOf, textOf } from '../support/fake-chat.ts';
import { DANA, KIM } from '../support/runs.ts';
import type { M0 } from './m0.ts';
import { type Act, CLOSING, OPS, type Step, type Story } from './story.ts';
import type { Doing, LineOf, World } from './world.ts';

const LATER_MS = 10 * 60_000;
const ROUNDS = 6;
const OVER = [
  'clean',
  'quiet',
  'realigned',
  'denied',
  'rejected',
  'canceled',
  'superseded',
  'failed',
  'apply_unknown',
];

/** Names of files by which a child and its parent communicate. */
export const reached = (what: string): string => `reached ${what}`;
export const go = (what: string): string => `go ${what}`;
export const DRAINING = 'draining';
export const FULL = 'full';

export interface Player {
  /** Plays what the story does during m0's work; rejects if the answer to m0 is an error. */
  meanwhile(doing: Doing, moves: readonly string[]): Promise<void>;
  /** Starts m0 and plays the steps below `until` that are not finished. */
  play(until: number): Promise<void>;
  /** Approves all waiting runs by the people who were asked, then delivers all due messages. */
  close(): Promise<void>;
}

export function createPlayer(story: Story, dir: string, world: World, m0: () => M0): Player {
  const steps: readonly Step[] = [...story.before, ...story.steps];
  let closing = false;

  /** The command, and the card with its button; null if no card has such a button. */
  async function wordsOf(
    act: Act & { type: 'says' },
  ): Promise<Pick<LineOf<'typed'>, 'text' | 'from'> | null> {
    if (act.click) {
      for (const message of world.in(OPS).toReversed()) {
        const button = buttonsOf(message.card).find((b) => b.command.startsWith(act.verb));
        const from = { channel: OPS, messageId: message.id };
        if (button) return { text: `${button.command}${act.rest}`, from };
      }
      return null;
    }
    // A command about no run is given as a whole.
    if (act.verb.includes(' ')) return { text: `${act.verb} ${act.rest}`.trim(), from: null };
    const runs = await m0().store.runs({});
    const run = runs.find((r) => !OVER.includes(r.state)) ?? runs[0];
    return run ? { text: `${act.verb} #${run.id} ${act.rest}`.trim(), from: null } : null;
  }

  async function answer({ step, by, text, from }: LineOf<'typed'>, again: boolean): Promise<void> {
    const place = { platform: 'slack', channel: OPS } as const;
    const reply = await m0().handler({ text, actor: by, place, answers: null, from });
    const said = reply.type === 'private' ? textOf(reply.card) : reply.type;
    world.add({ type: 'answered', step, answer: said, again });
  }

  async function say(step: number, act: Act & { type: 'says' }): Promise<void> {
    const words = await wordsOf(act);
    if (words === null)
      return world.add({ type: 'answered', step, answer: 'nothing to click', again: false });
    const typed: LineOf<'typed'> = { type: 'typed', step, by: act.by, ...words };
    world.add(typed);
    await answer(typed, false);
  }

  /** Repeats a command that got no answer. */
  async function sayAgain(): Promise<void> {
    for (const typed of world.of('typed')) {
      if (world.has('answered', typed.step)) continue;
      await answer(typed, true);
      if (world.has('armed', typed.step) && !world.has('played', typed.step)) {
        world.add({ type: 'played', step: typed.step });
      }
      await m0().rest();
    }
  }

  async function perform(step: number, act: Act): Promise<void> {
    const { worker, policyWatch, view, store } = m0();
    switch (act.type) {
      case 'happens':
        for (const what of act.what) world.add(what);
        // After a clock change m0 looks for work that is due.
        if (act.what.some((what) => what.type === 'later')) await worker.write('', () => []);
        return;
      case 'fails':
        throw new Error(act.error);
      case 'locked':
        throw new RunnerError('apply', 'running terraform apply: the state is locked by kim@laptop', {
          locked: { who: 'kim@laptop', id: 'f00d', operation: 'apply', since: null },
        });
      case 'says':
        return say(step, act);
      case 'checks': {
        const [stack] = story.directory.stacks;
        if (!stack) throw new Error('there is no stack');
        await worker.check(stack, act.trigger, act.trigger === 'command' ? DANA : BY_ITSELF);
        return;
      }
      case 'waits':
        writeFileSync(join(dir, reached(act.what)), '');
        while (!existsSync(join(dir, go(act.what)))) await sleep(5);
        return;
      case 'looks':
        return policyWatch.checkPolicies();
      case 'asks':
        return escalate(m0().asking);
      case 'digest': {
        // As the schedule does: a stored tick is not repeated.
        if ((await store.lastTick('digest 0')) !== undefined) return;
        const channels = [{ platform: 'slack' as const, channel: OPS }];
        const plan = { channels, targets: ['prod'], timezone: 'Europe/Berlin' };
        return sendDigest({ ...view, lastTicks }, plan, 'digest 0');
      }
    }
  }

  return {
    async meanwhile(doing, moves) {
      if (closing) return;
      for (const { step } of world.of('armed')) {
        const entry = steps[step];
        if (!entry || entry.during !== doing || world.has('played', step) || world.has('typed', step))
          continue;
        if (entry.move !== null && !moves.includes(entry.move)) continue;
        if (entry.act.type !== 'says') world.add({ type: 'played', step });
        await perform(step, entry.act);
        if (entry.act.type === 'says') world.add({ type: 'played', step });
        return;
      }
    },

    async play(until) {
      await m0().worker.start();
      await m0().policyWatch.checkPolicies();
      await m0().rest();
      await sayAgain();
      for (const [index, { act, during }] of steps.entries()) {
        if (index >= until || world.has('done', index)) continue;
        if (during !== null) {
          if (!world.has('armed', index)) world.add({ type: 'armed', step: index });
        } else {
          const over = act.type === 'says' && world.has('answered', index);
          if (!over) await perform(index, act);
          await m0().rest();
        }
        world.add({ type: 'done', step: index });
      }
    },

    async close() {
      closing = true;
      await m0().rest();
      for (let round = 0; round < ROUNDS; round += 1) {
        const [waiting] = await m0().store.runs({ states: ['awaiting_approval'] });
        if (!waiting) break;
        if (round === ROUNDS - 1) throw new Error(`run #${waiting.id} waits whatever people say`);
        // Only people who see the waiting card can answer it.
        const asked = [OPS, 'DU0DANA'].map((channel) =>
          world
            .in(channel)
            .find((m) => buttonsOf(m.card).some((b) => b.command.startsWith(`approve #${waiting.id}`))),
        );
        if (asked.includes(undefined)) throw new Error(`run #${waiting.id} waits, and nobody is asked`);
        const need = story.directory.stacks[0]?.approvers.need ?? 1;
        for (const [index, by] of [DANA, KIM].slice(0, need).entries()) {
          const step = CLOSING + world.of('typed').length + index;
          await say(step, { type: 'says', by, click: true, verb: 'approve', rest: '' });
          await m0().rest();
        }
      }
      // All postponed messages are due by then.
      for (let i = 0; i < 2; i += 1) {
        world.add({ type: 'later', ms: LATER_MS });
        await m0().worker.write('', () => []);
        await m0().rest();
      }
    },
  };
}

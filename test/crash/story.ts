/** The types of a story. Each step reads only the chat and the store, so it can be repeated after a kill. */

import type { Directory, PolicySource, Stack } from '../../src/model/directory.ts';
import type { Actor, Trigger } from '../../src/model/run.ts';
import { directory, stack } from '../support/directory.ts';
import type { Doing, Happening } from './world.ts';

export type Act =
  | { readonly type: 'happens'; readonly what: readonly Happening[] }
  /** The call that m0 waits for fails. */
  | { readonly type: 'fails'; readonly error: string }
  /** The call that m0 waits for fails: somebody else has locked the state. */
  | { readonly type: 'locked' }
  /** A command typed about the newest run (or a whole one with its target, as `pause prod`), or a click on its button on the newest card. */
  | {
      readonly type: 'says';
      readonly by: Actor;
      readonly click: boolean;
      readonly verb: string;
      readonly rest: string;
    }
  | { readonly type: 'checks'; readonly trigger: Trigger }
  /** Tells the parent that the story has reached this step, and waits for the parent's signal. */
  | { readonly type: 'waits'; readonly what: string }
  | { readonly type: 'looks' }
  /** m0's periodic work: looks at all waiting runs. */
  | { readonly type: 'asks' }
  | { readonly type: 'digest' };

export interface Step {
  readonly act: Act;
  /** Null: when m0 is idle. Else: the next time that m0 is doing this. */
  readonly during: Doing | null;
  /** For commits: only a commit with this state transition, such as `queued→planning`. */
  readonly move: string | null;
}

export interface Story {
  readonly name: string;
  /** The earlier story that was killed, and the first instant whose name contains `at`. */
  readonly cutOff?: { readonly story: string; readonly at: string };
  /** The preparation, during which m0 is not killed. */
  readonly before: readonly Step[];
  readonly steps: readonly Step[];
  readonly directory: Directory;
}

export const STACK = 'prod-network';
export const OPS = 'C0OPS';
/** The closing steps of a story are numbered from here. */
export const CLOSING = 1000;
export const CHANNELS = [OPS, 'C0DEV'];

function act(what: Act): Step {
  return { act: what, during: null, move: null };
}

export const happens = (...what: readonly Happening[]): Step => act({ type: 'happens', what });
export const checks = (trigger: Trigger = 'schedule'): Step => act({ type: 'checks', trigger });
export const clicks = (by: Actor, verb: string): Step =>
  act({ type: 'says', by, click: true, verb, rest: '' });
export const types = (by: Actor, verb: string, rest = ''): Step =>
  act({ type: 'says', by, click: false, verb, rest });
export const fails = (error: string): Step => act({ type: 'fails', error });
export const locked = (): Step => act({ type: 'locked' });
export const waits = (what: string): Step => act({ type: 'waits', what });
export const asks = (): Step => act({ type: 'asks' });
export const looks = (): Step => act({ type: 'looks' });
export const digest = (): Step => act({ type: 'digest' });

/** Plays the step the next time that m0 is doing something. */
export function during(doing: Doing, step: Step, move: string | null = null): Step {
  return { ...step, during: doing, move };
}

const TAGS_AUTO: PolicySource = {
  name: 'tags-auto',
  git: 'https://git.acme.dev/p.git',
  ref: 'main',
  path: '',
  mode: 'decide',
};

/** One stack that Dana (on call) and Kim may approve, and the channels that its alerts go to. */
export function oneStack(change: Partial<Stack> = {}, heard: readonly string[] = [OPS]): Directory {
  const channels = heard.map((channel) => ({ platform: 'slack' as const, channel }));
  const primary = { kind: 'rotation', people: ['dana'], everyMs: 604_800_000, from: 0 } as const;
  return directory({
    stacks: [stack({ policies: [TAGS_AUTO], channels, ...change })],
    oncall: { primary },
  });
}

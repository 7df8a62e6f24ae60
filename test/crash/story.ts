/** What a story is made of. Each step begins from what the chat shows and the store says, so it can begin again. */

import type { Directory, PolicySource, Stack } from '../../src/model/directory.ts';
import type { Actor, Trigger } from '../../src/model/run.ts';
import { directory, stack } from '../support/directory.ts';
import type { Doing, Happening } from './world.ts';

export type Act =
  | { readonly type: 'happens'; readonly what: readonly Happening[] }
  /** The answer that m0 waits for is an error. */
  | { readonly type: 'fails'; readonly error: string }
  /** The state is locked by somebody else. */
  | { readonly type: 'locked' }
  /** A word typed about the newest run, or a click on the newest card's button for it. */
  | {
      readonly type: 'says';
      readonly by: Actor;
      readonly click: boolean;
      readonly verb: string;
      readonly rest: string;
    }
  | { readonly type: 'checks'; readonly trigger: Trigger }
  /** Tells the parent that it has come so far, and goes on at its word. */
  | { readonly type: 'waits'; readonly what: string }
  | { readonly type: 'looks' }
  /** What waits is looked at, as m0 does every few seconds. */
  | { readonly type: 'asks' }
  | { readonly type: 'digest' };

export interface Step {
  readonly act: Act;
  /** Null: when all is at rest. Else while m0 is next doing this. */
  readonly during: Doing | null;
  /** Of commits: only one that moves a run so, as `queued→planning`. */
  readonly move: string | null;
}

export interface Story {
  readonly name: string;
  /** The story that was cut off where the story begins, and the first instant that has this in its name. */
  readonly cutOff?: { readonly story: string; readonly at: string };
  /** How it comes to where it begins; nobody is killed there. */
  readonly before: readonly Step[];
  readonly steps: readonly Step[];
  readonly directory: Directory;
}

export const STACK = 'prod-network';
export const OPS = 'C0OPS';
/** Steps of how a story is brought to its end are numbered from here. */
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

/** The step as what goes on while m0 is next doing something. */
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

/** One stack that Dana, on call, and Kim may approve, and the channels that hear of it. */
export function oneStack(change: Partial<Stack> = {}, heard: readonly string[] = [OPS]): Directory {
  const channels = heard.map((channel) => ({ platform: 'slack' as const, channel }));
  const primary = { kind: 'rotation', people: ['dana'], everyMs: 604_800_000, from: 0 } as const;
  return directory({
    stacks: [stack({ policies: [TAGS_AUTO], channels, ...change })],
    oncall: { primary },
  });
}

/** The grammar of all commands: one table for the parser, `help` and the buttons. */
import type { CommandName } from './command.ts';

/** What an argument of a command can be. */
type Slot =
  | 'run'
  | 'seen'
  | 'target'
  | 'policy'
  | 'subject'
  | 'address'
  | 'time'
  | 'end'
  | 'month'
  | 'reason'
  | 'topic';

/** `must`: the command is refused without it. `form`: a form asks for it if it is missing. `may`: it is optional. */
type Need = 'must' | 'form' | 'may';

/** One argument of a command. */
export interface GrammarArgument {
  readonly slot: Slot;
  readonly need: Need;
  /** True if only buttons use it; help texts leave it out. */
  readonly hidden?: true;
}

/** The strongest effect that a command can have. */
export type Effect = 'looks' | 'checks' | 'asks' | 'decides' | 'exempts' | 'stops' | 'settings';

interface GrammarEntry {
  /** In the order in which they are typed. */
  readonly args: readonly GrammarArgument[];
  /** One line. */
  readonly help: string;
  readonly examples: readonly string[];
  readonly effect: Effect;
  /** Other words that people try for it. m0 suggests the command for them, but does not run it. */
  readonly alsoCalled: readonly string[];
}

/** What each effect means, as `help` shows it. */
export const EFFECTS: Readonly<Record<Effect, string>> = {
  looks: 'Only looks: changes nothing.',
  checks: 'Starts a check, which plans and changes nothing by itself.',
  asks: 'Writes to somebody: changes nothing.',
  decides: 'Decides what is applied to the cloud: for approvers.',
  exempts:
    'Changes nothing in the cloud: decides what stays as it is. For approvers and those m0.yaml names.',
  stops: 'Stops every apply, or lets applies go on. For approvers and those m0.yaml names.',
  settings: 'Changes what this channel gets.',
};

const arg = (slot: Slot, need: Need = 'must'): GrammarArgument => ({ slot, need });

/** All commands. The parser, `help` and the texts of buttons are built from this table. */
export const GRAMMAR: Readonly<Record<CommandName, GrammarEntry>> = {
  drift: {
    args: [arg('target', 'may')],
    help: 'What is known to have drifted, and a fresh check',
    examples: ['drift', 'drift prod', 'drift prod-*'],
    effect: 'checks',
    alsoCalled: ['check', 'plan', 'refresh', 'detect'],
  },
  home: {
    args: [],
    help: 'What waits for you, what else is open, your exemptions, who is on call',
    examples: ['home'],
    effect: 'looks',
    alsoCalled: ['me', 'mine', 'inbox', 'todo', 'start'],
  },
  status: {
    args: [arg('target', 'may')],
    help: 'Each stack with its state, its open drift and the age of its last good check',
    examples: ['status', 'status prod-network'],
    effect: 'looks',
    alsoCalled: ['list', 'ls', 'state'],
  },
  stacks: {
    args: [arg('target', 'may')],
    help: 'Which stacks are watched and why, and which roots are not',
    examples: ['stacks', 'stacks prod-*'],
    effect: 'looks',
    alsoCalled: ['watched', 'watching', 'roots', 'discover'],
  },
  show: {
    args: [arg('run')],
    help: 'The full diff of a run',
    examples: ['show #42'],
    effect: 'looks',
    alsoCalled: ['diff', 'view', 'details'],
  },
  approve: {
    args: [arg('run'), { slot: 'seen', need: 'may', hidden: true }],
    help: 'Say what an apply of a run would do, with a button to confirm each part; m0 plans again before it applies',
    examples: ['approve #42'],
    effect: 'decides',
    alsoCalled: ['apply', 'yes', 'yep', 'y', 'ok', 'okay', 'lgtm', 'revert', 'realign'],
  },
  reject: {
    args: [arg('run'), arg('reason', 'may')],
    help: 'Leave it: apply nothing of what waits in a run. m0 asks again when one of the values changes',
    examples: ['reject #42', 'reject #42 the change ships on Monday'],
    effect: 'decides',
    alsoCalled: ['deny', 'no', 'nope', 'n', 'decline', 'leave'],
  },
  snooze: {
    args: [arg('subject'), arg('address', 'may'), arg('time', 'form'), arg('reason', 'may')],
    help: 'Keep drift quiet, and out of every apply, until a time',
    examples: [
      'snooze #42 2h',
      'snooze #42 aws_security_group.web until monday 9:00 vendor needs SSH',
      'snooze prod 3d change freeze',
      'snooze #42 until it changes',
    ],
    effect: 'exempts',
    alsoCalled: ['mute', 'silence', 'later'],
  },
  unsnooze: {
    args: [arg('subject'), arg('address', 'may')],
    help: 'End a snooze now',
    examples: ['unsnooze #42', 'unsnooze prod-network aws_security_group.web'],
    effect: 'exempts',
    alsoCalled: ['unmute', 'wake'],
  },
  accept: {
    args: [arg('run'), arg('address', 'may'), arg('end', 'may'), arg('reason', 'form')],
    help: 'This drift is right: make it part of the baseline until a value changes, or until a date. Also ends the alarm of an empty state',
    examples: [
      'accept #42 agreed with security',
      'accept #42 aws_s3_bucket.logs tags belong to finance',
      'accept #42 until 2026-12-31 9:00 the vendor leaves then',
    ],
    effect: 'exempts',
    alsoCalled: ['ignore', 'keep', 'allow'],
  },
  unaccept: {
    args: [arg('subject'), arg('address', 'may')],
    help: 'Take something out of the baseline',
    examples: ['unaccept #42', 'unaccept prod-network aws_s3_bucket.logs'],
    effect: 'exempts',
    alsoCalled: ['unignore', 'forget'],
  },
  codify: {
    args: [arg('run'), arg('address', 'may')],
    help: 'Put it into the code: edits the code so that it says what the cloud has, proves it with a plan, opens a pull request',
    examples: ['codify #42', 'codify #42 aws_security_group.web'],
    effect: 'exempts',
    alsoCalled: ['code', 'adopt', 'pr', 'backport', 'commit'],
  },
  baseline: {
    args: [arg('target')],
    help: 'What is accepted or snoozed, by whom and why',
    examples: ['baseline prod-network'],
    effect: 'looks',
    alsoCalled: ['accepted', 'snoozes', 'ignored'],
  },
  cancel: {
    args: [arg('run')],
    help: 'Stop a run that has not begun to apply',
    examples: ['cancel #42'],
    effect: 'decides',
    alsoCalled: ['stop', 'abort', 'kill'],
  },
  pause: {
    args: [arg('target', 'form'), arg('reason', 'form')],
    help: 'Stop every apply of a target at once, by policies and by people, until somebody resumes it. * is everything',
    examples: [
      'pause prod the vendor works on the network',
      'pause prod-network incident 4711',
      'pause * incident',
    ],
    effect: 'stops',
    alsoCalled: ['freeze', 'halt', 'hold', 'emergency'],
  },
  resume: {
    args: [arg('target', 'form')],
    help: 'End a pause: applies go on, each with a fresh plan and its comparison',
    examples: ['resume prod', 'resume *'],
    effect: 'stops',
    alsoCalled: ['unpause', 'unfreeze', 'continue'],
  },
  why: {
    args: [arg('run')],
    help: 'Which rule said what, why it waits, and who may approve',
    examples: ['why #42'],
    effect: 'looks',
    alsoCalled: ['explain', 'reason', 'reasons'],
  },
  ask: {
    args: [arg('run')],
    help: 'Ask the people on call to decide on a run',
    examples: ['ask #42'],
    effect: 'asks',
    alsoCalled: ['ping', 'remind', 'nudge'],
  },
  history: {
    args: [arg('target', 'may')],
    help: 'Who decided what, newest first',
    examples: ['history', 'history prod-network'],
    effect: 'looks',
    alsoCalled: ['log', 'audit', 'events'],
  },
  oncall: {
    args: [],
    help: 'Who is on call now',
    examples: ['oncall'],
    effect: 'looks',
    alsoCalled: ['on-call', 'who', 'pager'],
  },
  digest: {
    args: [arg('target', 'may')],
    help: 'What is open, what healed, what ends today',
    examples: ['digest', 'digest prod'],
    effect: 'looks',
    alsoCalled: ['summary', 'trend'],
  },
  report: {
    args: [arg('target', 'may'), arg('month', 'may')],
    help: 'A month as files for you: what drifted, who decided, what was applied, the hashes of the audit record',
    examples: ['report', 'report prod', 'report prod last month', 'report prod 2025-11'],
    effect: 'looks',
    alsoCalled: ['compliance', 'evidence', 'export'],
  },
  subscribe: {
    args: [arg('target')],
    help: 'Tell this channel about a stack or an environment',
    examples: ['subscribe prod'],
    effect: 'settings',
    alsoCalled: ['follow', 'watch'],
  },
  unsubscribe: {
    args: [arg('target')],
    help: 'Stop telling this channel about it',
    examples: ['unsubscribe prod'],
    effect: 'settings',
    alsoCalled: ['unfollow', 'unwatch'],
  },
  policy: {
    args: [arg('target')],
    help: 'Which policies decide, from which commit',
    examples: ['policy prod-network'],
    effect: 'looks',
    alsoCalled: ['policies', 'rules', 'rego'],
  },
  seen: {
    args: [arg('policy'), { slot: 'seen', need: 'may', hidden: true }],
    help: 'A policy’s newest commit is refused: let m0 go on with the last good one',
    examples: ['seen approvals'],
    effect: 'decides',
    alsoCalled: ['ack', 'acknowledge', 'noted'],
  },
  help: {
    args: [arg('topic', 'may')],
    help: 'All commands, or one of them',
    examples: ['help', 'help snooze'],
    effect: 'looks',
    alsoCalled: ['commands', 'man', 'usage', 'hi', 'hello'],
  },
};

/** All command names, in the order in which `help` lists them. */
export const COMMAND_NAMES = Object.keys(GRAMMAR) as readonly CommandName[];

/** True if the word is the name of a command, in lower case. */
export function isCommandName(word: string): word is CommandName {
  return Object.hasOwn(GRAMMAR, word);
}

const SLOT_WORDS: Readonly<Record<Slot, string>> = {
  run: '#RUN',
  seen: 'SEEN',
  target: 'TARGET',
  policy: 'POLICY',
  subject: 'TARGET|#RUN',
  address: 'ADDRESS',
  time: 'FOR',
  end: 'until DATE',
  month: 'MONTH',
  reason: 'REASON',
  topic: 'COMMAND',
};

/** How to type the command, e.g. `snooze TARGET|#RUN [ADDRESS] FOR [REASON]`. */
export function usageOf(name: CommandName): string {
  const words = GRAMMAR[name].args
    .filter((p) => p.hidden !== true)
    .map((p) => (p.need === 'may' ? `[${SLOT_WORDS[p.slot]}]` : SLOT_WORDS[p.slot]));
  return [name, ...words].join(' ');
}

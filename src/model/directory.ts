/** What the core reads of m0.yaml: stacks, people, groups, rotas and permissions. */
import type { PolicyMode, RealignMode } from '../decisions/decision.ts';

import type { IgnoreRule } from '../drift/ignore.ts';
import type { CauseSettings, CloudRoles } from './cloud-roles.ts';
import type { Limits } from './limits.ts';
import type { ForgeKind } from './links/forge.ts';
import type { Rota } from './rota.ts';
import type { Watching } from './watching.ts';

export type Platform = 'slack' | 'teams';

/** Returns the current time in ms since epoch. */
export type Clock = () => number;

/** Who may approve on a stack: the people of these groups (`oncall:NAME` for a rota), `need` of them. */
export interface Approvers {
  readonly from: readonly string[];
  readonly need: number;
  readonly notTheAuthor: boolean;
}

/** Where a policy comes from, and how its answers count. */
export interface PolicySource {
  readonly name: string;
  readonly git: string;
  readonly ref: string;
  /** Sub-path in the repository; '' is its root. */
  readonly path: string;
  readonly mode: PolicyMode;
  /** What m0.yaml gives this policy as `input.policyData`. */
  readonly data?: Readonly<Record<string, unknown>>;
}

/** One stack of m0.yaml, with defaults applied and references to secrets resolved. */
export interface Stack extends CloudRoles {
  readonly name: string;
  readonly environment: string;
  readonly source: { readonly git: string; readonly ref: string; readonly path: string };
  readonly tool: 'terraform' | 'tofu';
  /** True: the folder is a unit of Terragrunt, which runs `tool`. */
  readonly terragrunt?: boolean;
  readonly toolVersion: string | null;
  readonly workspace: string;
  readonly varFiles: readonly string[];
  /** Environment variables for the stack's processes. Values may be secret. */
  readonly env: Readonly<Record<string, string>>;
  /** Values that m0.yaml takes from a reference. They are always treated as secret. */
  readonly secrets?: readonly string[];
  readonly schedule: readonly string[];
  /** How often m0 looks for new commits of its code, in ms; null or left out: never. */
  readonly pollMs?: number | null;
  readonly timezone: string;
  readonly realign: RealignMode;
  readonly policies: readonly PolicySource[];
  readonly channels: readonly Place[];
  readonly approvers: Approvers;
  /** How many runs policies may apply in an hour in its environment before it asks a person; left out: the default. */
  readonly healLimit?: number;
  readonly ignore: readonly IgnoreRule[];
  readonly severity?: readonly SeverityRule[];
  readonly quietHours?: QuietHours | null;
  /** Left out: DEFAULT_LIMITS. */
  readonly limits?: Limits;
  readonly escalation?: readonly EscalationStep[];
  /** How m0 learns who changed the cloud. Left out: only the code's history is told. */
  readonly causes?: CauseSettings;
  /** Names of stacks that it follows, besides those whose states its code reads. */
  readonly after?: readonly string[];
  /** The label of the workers that may work on it. Left out: those that take work without a label. */
  readonly worker?: string;
}

/** A person of m0.yaml, with that person's ids on the platforms; null if not set. */
export interface Person {
  readonly key: string;
  readonly name: string;
  readonly slack: string | null;
  readonly teams: string | null;
  readonly email: string | null;
  /** Further addresses in this person's commits, besides `email`. */
  readonly gitEmails?: readonly string[];
  /** What AWS calls this person: user names, session names or ids of Identity Center, besides the e-mail. */
  readonly aws?: readonly string[];
  /** Login at GitHub, and user name at GitLab: who is asked to review m0's pull requests. */
  readonly github?: string;
  readonly gitlab?: string;
  /** User id at PagerDuty. Without one, the e-mail address identifies the person there. */
  readonly pagerduty?: string | null;
}

/**
 * The part of the configuration that the core reads. The core gets one whose fields change while m0 runs, see
 * live-directory.ts: read them at each use.
 */
export interface Directory {
  readonly stacks: readonly Stack[];
  readonly people: readonly Person[];
  readonly groups: Readonly<Record<string, readonly string[]>>;
  /** Groups whose members come from a Slack user group: group name -> id of the user group. */
  readonly usergroups?: Readonly<Record<string, string>>;
  readonly oncall: Readonly<Record<string, Rota>>;
  /** Groups that may snooze, accept, codify or pause in addition to the approvers; null: only the approvers. */
  readonly may: {
    readonly snooze: readonly string[] | null;
    readonly accept: readonly string[] | null;
    readonly codify?: readonly string[] | null;
    readonly pause?: readonly string[] | null;
  };
  readonly timezone: string;
  /** The kinds of Git hosts whose names don't say it, for links. Left out: none is named. */
  readonly forges?: Readonly<Record<string, ForgeKind>>;
  /** What is watched and what is not. Left out: m0.yaml has no rules by which m0 finds stacks. */
  readonly watching?: Watching;
  /** Why stacks are not watched any more, by their names. Left out, or without an entry: they are not in m0.yaml. */
  readonly gone?: Readonly<Record<string, string>>;
}

/** Who is notified if nobody has decided `afterMs` after the alert was posted. */
export interface EscalationStep {
  readonly afterMs: number;
  /** `asked` (the people who were asked before), `channel`, `oncall:NAME`, a group or a person. */
  readonly to: string;
  /** Repeat after this many ms; null: once. */
  readonly everyMs: number | null;
}

/** How much drift disturbs people: `low` appears in the digest only, `urgent` notifies people at night too. */
export type Severity = 'low' | 'normal' | 'urgent';

/** `match` works as in an ignore rule. If several rules match, the most severe one counts. */
export interface SeverityRule {
  readonly match: string;
  readonly severity: Severity;
}

/** When only urgent drift notifies people. Minutes of the day; 22:00 to 7:00 is one night. */
export interface QuietHours {
  readonly from: number;
  readonly to: number;
  /** True: Saturday and Sunday are quiet all day. */
  readonly weekends: boolean;
  readonly timezone: string;
}

/** Where a card can be posted: a channel, or a person's DM. */
export type Place =
  | { readonly platform: Platform; readonly channel: string }
  | { readonly platform: Platform; readonly user: string };

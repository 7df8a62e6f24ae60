import type { PolicyMode, RealignMode } from '../decisions/decision.ts';

import type { IgnoreRule } from '../drift/ignore.ts';

import type { Rota } from './rota.ts';

export type Platform = 'slack' | 'teams';

/** Now, in ms since epoch. */
export type Clock = () => number;

/** Who may approve on a stack: any person of these groups (`oncall:NAME` for a rota), `need` of them. */
export interface Approvers {
  readonly from: readonly string[];
  readonly need: number;
  readonly notTheAuthor: boolean;
}

export interface PolicySource {
  readonly name: string;
  readonly git: string;
  readonly ref: string;
  /** Sub-path of the repository, '' for its root. */
  readonly path: string;
  readonly mode: PolicyMode;
  /** What m0.yaml hands to this policy as `input.policyData`. */
  readonly data?: Readonly<Record<string, unknown>>;
}

/** One stack as m0.yaml means it, defaults applied and secrets still unresolved. */
export interface Stack {
  readonly name: string;
  readonly environment: string;
  readonly source: { readonly git: string; readonly ref: string; readonly path: string };
  readonly tool: 'terraform' | 'tofu';
  readonly toolVersion: string | null;
  readonly workspace: string;
  readonly varFiles: readonly string[];
  /** Resolved environment for the stack's own processes; values may be secret. */
  readonly env: Readonly<Record<string, string>>;
  /** Values that m0.yaml gives by reference: secret by that, whatever they look like. */
  readonly secrets?: readonly string[];
  readonly schedule: readonly string[];
  /** How often its code is looked at for pushes, in ms; null or left out: never. */
  readonly pollMs?: number | null;
  readonly timezone: string;
  readonly realign: RealignMode;
  readonly policies: readonly PolicySource[];
  readonly channels: readonly Place[];
  readonly approvers: Approvers;
  readonly ignore: readonly IgnoreRule[];
  readonly severity?: readonly SeverityRule[];
  readonly quietHours?: QuietHours | null;
  readonly escalation?: readonly EscalationStep[];
}

export interface Person {
  readonly key: string;
  readonly name: string;
  readonly slack: string | null;
  readonly teams: string | null;
  readonly email: string | null;
  /** User id at PagerDuty; without one the e-mail tells who is who there. */
  readonly pagerduty?: string | null;
}

/** The part of the configuration that the core reads. */
export interface Directory {
  readonly stacks: readonly Stack[];
  readonly people: readonly Person[];
  readonly groups: Readonly<Record<string, readonly string[]>>;
  /** Groups whose members a Slack user group names: group -> its id there. */
  readonly usergroups?: Readonly<Record<string, string>>;
  readonly oncall: Readonly<Record<string, Rota>>;
  /** Groups that may snooze / accept besides the approvers; null: only the approvers. */
  readonly may: { readonly snooze: readonly string[] | null; readonly accept: readonly string[] | null };
  readonly timezone: string;
}

/** Who hears of it when nobody has decided `afterMs` after it was told. */
export interface EscalationStep {
  readonly afterMs: number;
  /** `asked` (those who were asked before), `channel`, `oncall:NAME`, a group or a person. */
  readonly to: string;
  /** Again after so long; null: once. */
  readonly everyMs: number | null;
}

/** How much drift disturbs: `low` nobody but the digest, `urgent` also at night. */
export type Severity = 'low' | 'normal' | 'urgent';

/** `match` as in an ignore rule; of several that fit, the most severe counts. */
export interface SeverityRule {
  readonly match: string;
  readonly severity: Severity;
}

/** When only what is urgent disturbs anybody. Minutes of the day; from 22:00 to 7:00 is one night. */
export interface QuietHours {
  readonly from: number;
  readonly to: number;
  /** Saturday and Sunday are quiet all day. */
  readonly weekends: boolean;
  readonly timezone: string;
}

/** A place a card can be posted to: a channel, or a person's DM. */
export type Place =
  | { readonly platform: Platform; readonly channel: string }
  | { readonly platform: Platform; readonly user: string };

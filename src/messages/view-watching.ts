/** The data of the cards about which stacks are watched. Times in ms since epoch. */
import type { Watching } from '../model/watching.ts';

/** A stack with its folder. */
export interface StackInFolder {
  readonly stack: string;
  /** '' is the repository's root. */
  readonly path: string;
}

/** What changed in what is watched, for one channel. */
export interface WatchChangeView {
  /** The repositories that changed, as `infra@9f8e7d6`. */
  readonly code: readonly string[];
  readonly found: readonly StackInFolder[];
  readonly moved: readonly (StackInFolder & { readonly from: string })[];
  readonly gone: readonly {
    readonly stack: string;
    readonly why: string;
    /** How many findings were open in its drift alert; null if it had none. */
    readonly open: number | null;
    readonly runId: number | null;
  }[];
  /** Roots that are not watched although a rule takes them, and keys of files `.m0.yaml` that are refused. */
  readonly problems: readonly { readonly where: string; readonly why: string }[];
}

/** What a stack is watched with, beside where it is. */
export interface StackSettingsView {
  readonly environment: string;
  readonly schedule: readonly string[];
  readonly approvers: { readonly need: number; readonly from: readonly string[] };
  readonly policies: readonly string[];
  readonly realign: string;
}

export interface WatchingView {
  /** As it was typed; null: everything. */
  readonly target: string | null;
  readonly watching: Watching;
  /** True if m0 looks for roots by itself: only then it knows how many are not watched. */
  readonly looks: boolean;
  readonly settings: ReadonlyMap<string, StackSettingsView>;
}

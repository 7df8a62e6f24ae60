/** What is stored of the search for stacks: repositories as they were last read, and the stacks that were found. */
import { z } from 'zod';
import type { Store } from '../ports/store.ts';
import type { Snapshot } from './folder.ts';
import type { KnownStack } from './names.ts';

const STATE_NAME = 'discovery';
/** How many stacks that are gone are remembered, the newest first: they get their names back if they appear again. */
const MOST_GONE = 500;

export interface GoneStack extends KnownStack {
  readonly why: string;
}

/** Workspaces that exist in a root. `at`: when that was asked (ms since epoch). */
export interface KnownWorkspaces {
  readonly names: readonly string[];
  readonly at: number;
  /** Why they could not be listed then; null if they could. */
  readonly problem: string | null;
}

export interface DiscoveryState {
  /** By `sourceOf`. */
  readonly snapshots: Readonly<Record<string, Snapshot>>;
  readonly known: readonly KnownStack[];
  /** The newest first. */
  readonly gone: readonly GoneStack[];
  /** By source, then by path. */
  readonly workspaces: Readonly<Record<string, Readonly<Record<string, KnownWorkspaces>>>>;
  /** The problems that were told, so that each is told once. */
  readonly told: readonly string[];
}

export const NOTHING_KNOWN: DiscoveryState = { snapshots: {}, known: [], gone: [], workspaces: {}, told: [] };

const knownStack = z.object({
  name: z.string(),
  source: z.string(),
  path: z.string(),
  workspace: z.string(),
  templateName: z.string(),
  environment: z.string(),
  state: z.string().nullable(),
});
const folder = z.object({
  path: z.string(),
  code: z.boolean(),
  unit: z.boolean().default(false),
  state: z.object({ kind: z.enum(['backend', 'cloud']), type: z.string(), settings: z.string() }).nullable(),
  own: z.string().nullable(),
});
const stored = z.object({
  snapshots: z.record(
    z.string(),
    z.object({ commit: z.string(), folders: z.array(folder), varFiles: z.array(z.string()) }),
  ),
  known: z.array(knownStack),
  gone: z.array(knownStack.extend({ why: z.string() })),
  workspaces: z.record(
    z.string(),
    z.record(
      z.string(),
      z.object({ names: z.array(z.string()), at: z.number(), problem: z.string().nullable() }),
    ),
  ),
  told: z.array(z.string()),
});

/** The state as it is stored, to see whether it has changed; '' if there is none. Rejects where the store fails. */
export async function stateText(store: Pick<Store, 'value'>): Promise<string> {
  return (await store.value(STATE_NAME)) ?? '';
}

/** Rejects where the store fails or holds something else. */
export async function readState(store: Pick<Store, 'value'>): Promise<DiscoveryState> {
  const text = await stateText(store);
  return text === '' ? NOTHING_KNOWN : stored.parse(JSON.parse(text));
}

/** The change that stores the state. */
export function stateChange(state: DiscoveryState) {
  const kept = { ...state, gone: state.gone.slice(0, MOST_GONE) };
  return { type: 'value.set', name: STATE_NAME, value: JSON.stringify(kept) } as const;
}

import { createHash } from 'node:crypto';
import type { Clock } from '../../model/directory.ts';
import type { TeamsNoteKind, TeamsStore } from '../../ports/chat-store.ts';

/** A key of any length as a short one. */
export function hashedKey(key: string): string {
  return createHash('sha256').update(key).digest('base64url').slice(0, 22);
}

/** The newest few thousand notes of one kind, by key, over restarts. */
export class Notes {
  readonly #store: TeamsStore;
  readonly #kind: TeamsNoteKind;
  readonly #clock: Clock;

  constructor(store: TeamsStore, kind: TeamsNoteKind, clock: Clock) {
    this.#store = store;
    this.#kind = kind;
    this.#clock = clock;
  }

  async get(key: string): Promise<string | null> {
    return (await this.#store.teamsNote(this.#kind, hashedKey(key))) ?? null;
  }

  set(key: string, value: string): Promise<void> {
    return this.#store.setTeamsNote({ kind: this.#kind, key: hashedKey(key), value, at: this.#clock() });
  }

  /** True for the first caller with this key. */
  claim(key: string): Promise<boolean> {
    return this.#store.addTeamsNote({ kind: this.#kind, key: hashedKey(key), value: '', at: this.#clock() });
  }
}

import type { Platform } from '../model/directory.ts';

/** What is known of a person to whom a direct message was refused for good. Times in ms since epoch. */
export interface Refusals {
  /** When the newest message was refused. */
  readonly at: number;
  /** Why it was; null where a message has arrived since. */
  readonly error: string | null;
  /** Where it was to go, as `slack:U0DANA`; null: no chat knew the person. */
  readonly address: string | null;
  /** When there was the last sign that the person can be reached; null: none since the first refusal. */
  readonly reachableAt: number | null;
  /** The alerts of which the person has no copy, by number: how often that was tried, and when last. */
  readonly alerts: ReadonlyMap<number, { readonly times: number; readonly at: number }>;
}

/** A direct message about an alert that was refused for good. */
export interface RefusedMessage extends Pick<Refusals, 'at' | 'address'> {
  readonly person: string;
  readonly alertId: number;
  readonly error: string;
}

export interface LostChannel {
  readonly platform: Platform;
  readonly channel: string;
  /** Why it refused its last message. */
  readonly error: string;
}

/** Who and what can't be written to. Each method is one transaction. */
export interface ReachStore {
  /** Undefined where nothing that was refused is still missing. */
  refusals(person: string): Promise<Refusals | undefined>;
  /** Counts the refusal, and deletes those of alerts that are no longer open. */
  addRefusal(refused: RefusedMessage): Promise<void>;
  /**
   * The person got the alert's card at `at`: that one is no longer missing, refusals until then no longer count, and
   * the person can be reached.
   */
  removeRefusal(person: string, alertId: number, at: number): Promise<void>;
  /** A sign that the person can be reached. Kept only where something was refused to them. */
  setReachable(person: string, at: number): Promise<void>;
  lostChannels(): Promise<readonly LostChannel[]>;
  addLostChannel(channel: LostChannel): Promise<void>;
  /** One that is not lost is no error. */
  removeLostChannel(platform: Platform, channel: string): Promise<void>;
}

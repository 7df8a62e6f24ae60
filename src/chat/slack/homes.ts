/** Keeps the Home tabs that people opened up to date. */
import { errorText } from '../../base/error-text.ts';
import { createKeyedLock } from '../../base/keyed-lock.ts';
import type { Logger } from '../../base/log.ts';
import type { Card } from '../../messages/card.ts';
import type { Clock } from '../../model/directory.ts';
import type { Actor } from '../../model/run.ts';
import type { SlackApi } from './api.ts';
import type { SlackPeople } from './people.ts';
import { homeTab } from './views.ts';

/** Builds a person's Home tab. Rejects where the data cannot be read. */
export type HomeOf = (actor: Actor) => Promise<Card>;

/** A Home tab that was opened longer ago than this is no longer refreshed. */
const MAX_AGE_MS = 60 * 60_000;
/** Shortest time between two refreshes. */
const MIN_INTERVAL_MS = 10_000;
const DEBOUNCE_MS = 300;
/** Home tabs that are refreshed; beyond this number, those opened longest ago are dropped. */
const MAX_HOMES = 200;

interface HomesParts {
  readonly api: SlackApi;
  readonly people: SlackPeople;
  readonly clock: Clock;
  readonly log: Logger;
}

/** The Home tab of each person who opened it recently. Slack is called only where the content changed. */
export class Homes {
  readonly #parts: HomesParts;
  readonly #homeOf: HomeOf;
  readonly #lock = createKeyedLock();
  /** By user id, the longest ago first: when the tab was opened, and what it showed last. */
  readonly #open = new Map<string, { readonly at: number; shown: string | null }>();
  #timer: NodeJS.Timeout | null = null;
  #round: Promise<void> | null = null;
  #lastRound = 0;
  #stopped = false;

  constructor(parts: HomesParts, homeOf: HomeOf) {
    this.#parts = parts;
    this.#homeOf = homeOf;
  }

  /** Shows a person their Home tab, even if its content did not change. Never rejects. */
  async open(userId: string): Promise<void> {
    this.#open.delete(userId);
    this.#open.set(userId, { at: this.#parts.clock(), shown: null });
    const [longest] = this.#open.keys();
    if (this.#open.size > MAX_HOMES && longest !== undefined) this.#open.delete(longest);
    await this.#show(userId);
  }

  /** Schedules a refresh of the open Home tabs, because data changed that they may show. */
  scheduleRefresh(): void {
    if (this.#stopped || this.#timer !== null || this.#open.size === 0) return;
    const wait = Math.max(DEBOUNCE_MS, this.#lastRound + MIN_INTERVAL_MS - Date.now());
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.#lastRound = Date.now();
      this.#round = this.#showAll();
    }, wait);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    await this.#round;
  }

  async #showAll(): Promise<void> {
    const now = this.#parts.clock();
    for (const [userId, { at }] of [...this.#open]) {
      if (this.#stopped) return;
      if (now - at > MAX_AGE_MS) this.#open.delete(userId);
      else await this.#show(userId);
    }
  }

  async #show(userId: string): Promise<void> {
    const { api, people, log } = this.#parts;
    // One at a time per person, so that older content never replaces newer content.
    await this.#lock(userId, async () => {
      const home = this.#open.get(userId);
      if (home === undefined) return;
      try {
        const view = homeTab(await this.#homeOf(await people.actor(userId)), people.slackId);
        const content = JSON.stringify(view);
        if (content === home.shown) return;
        await api.callWithWait('showing a home', null, (client) =>
          client.views.publish({ user_id: userId, view }),
        );
        home.shown = content;
      } catch (error) {
        const problem = errorText(error);
        log.warn({ problem, user: userId }, 'a Home tab could not be updated');
      }
    });
  }
}

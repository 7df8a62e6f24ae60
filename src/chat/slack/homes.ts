import { errorText } from '../../base/error-text.ts';
import { createKeyedLock } from '../../base/keyed-lock.ts';
import type { Logger } from '../../base/log.ts';
import type { Card } from '../../messages/card.ts';
import type { Clock } from '../../model/directory.ts';
import type { Actor } from '../../model/run.ts';
import type { SlackApi } from './api.ts';
import type { SlackPeople } from './people.ts';
import { homeTab } from './views.ts';

/** What a person's home shows now. Rejects where it can't be gathered. */
export type HomeOf = (actor: Actor) => Promise<Card>;

/** A home that was opened so long ago is looked at no more, as far as m0 knows. */
const OPEN_MS = 60 * 60_000;
/** Homes are brought up to date at most so often; changes that come together make one round. */
const PAUSE_MS = 10_000;
const GATHER_MS = 300;
/** Homes kept up to date at a time; those opened longest ago are given up first. */
const HOMES = 200;

interface HomesParts {
  readonly api: SlackApi;
  readonly people: SlackPeople;
  readonly clock: Clock;
  readonly log: Logger;
}

/** The Home tab of everybody who opened it lately. Slack is only told where something in it changed. */
export class Homes {
  readonly #parts: HomesParts;
  readonly #homeOf: HomeOf;
  readonly #alone = createKeyedLock();
  /** When each was opened, the longest ago first, and what it showed last. */
  readonly #open = new Map<string, { readonly at: number; shown: string | null }>();
  #timer: NodeJS.Timeout | null = null;
  #round: Promise<void> | null = null;
  #lastRound = 0;
  #stopped = false;

  constructor(parts: HomesParts, homeOf: HomeOf) {
    this.#parts = parts;
    this.#homeOf = homeOf;
  }

  /** Shows somebody their home, whatever they were shown before. Never rejects. */
  async opened(userId: string): Promise<void> {
    this.#open.delete(userId);
    this.#open.set(userId, { at: this.#parts.clock(), shown: null });
    const [longest] = this.#open.keys();
    if (this.#open.size > HOMES && longest !== undefined) this.#open.delete(longest);
    await this.#show(userId);
  }

  /** Something changed that may stand in somebody's home. */
  changed(): void {
    if (this.#stopped || this.#timer !== null || this.#open.size === 0) return;
    const wait = Math.max(GATHER_MS, this.#lastRound + PAUSE_MS - Date.now());
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
      if (now - at > OPEN_MS) this.#open.delete(userId);
      else await this.#show(userId);
    }
  }

  async #show(userId: string): Promise<void> {
    const { api, people, log } = this.#parts;
    // One after the other, so that nothing older is shown over something newer.
    await this.#alone(userId, async () => {
      const home = this.#open.get(userId);
      if (home === undefined) return;
      try {
        const view = homeTab(await this.#homeOf(await people.actor(userId)), people.slackId);
        const showing = JSON.stringify(view);
        if (showing === home.shown) return;
        await api.patiently('showing a home', null, (client) =>
          client.views.publish({ user_id: userId, view }),
        );
        home.shown = showing;
      } catch (error) {
        const problem = errorText(error);
        log.warn({ problem, user: userId }, 'a home could not be shown');
      }
    });
  }
}

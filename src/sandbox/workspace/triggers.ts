/** Slack's trigger ids. */
const LIFETIME_MS = 3000;

interface Trigger {
  readonly user: string;
  /** The modal of the interaction, for views.push. */
  readonly viewId: string | null;
  readonly issuedAt: number;
  used: boolean;
}

export type Exchange =
  | { readonly ok: true; readonly user: string; readonly viewId: string | null }
  | { readonly ok: false; readonly error: string };

/** Trigger ids: each opens one view, within 3 seconds of its interaction. */
export class Triggers {
  readonly #now: () => number;
  readonly #issued = new Map<string, Trigger>();

  constructor(now: () => number) {
    this.#now = now;
  }

  issue(user: string, viewId: string | null): string {
    const id = `${this.#issued.size + 1}.${this.#now()}.${crypto.randomUUID().replaceAll('-', '')}`;
    this.#issued.set(id, { user, viewId, issuedAt: this.#now(), used: false });
    return id;
  }

  /** Checks a trigger without using it up, so that it stays valid after a refused view, as in Slack. */
  check(id: string): Exchange {
    const trigger = this.#issued.get(id);
    if (!trigger) return { ok: false, error: 'invalid_trigger_id' };
    if (trigger.used) return { ok: false, error: 'exchanged_trigger_id' };
    if (this.#now() - trigger.issuedAt > LIFETIME_MS) return { ok: false, error: 'expired_trigger_id' };
    return { ok: true, user: trigger.user, viewId: trigger.viewId };
  }

  use(id: string): void {
    const trigger = this.#issued.get(id);
    if (trigger) trigger.used = true;
  }
}

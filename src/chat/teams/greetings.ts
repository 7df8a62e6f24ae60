import { createKeyedLock } from '../../base/keyed-lock.ts';
import type { Card } from '../../messages/card.ts';
import type { Clock } from '../../model/directory.ts';
import type { Actor } from '../../model/run.ts';
import type { TeamsStore } from '../../ports/chat-store.ts';
import type { Activity } from './activity.ts';
import { userOf } from './conversations.ts';
import { Notes } from './notes.ts';

/** What m0 says first to a person for whom it was added. Rejects where it can't be gathered. */
export type GreetingOf = (actor: Actor) => Promise<Card>;

/** Who was greeted since they added m0. A person who removes m0 and adds it again is greeted again. */
export class Greetings {
  readonly #since: Notes;
  readonly #alone = createKeyedLock();

  constructor(store: TeamsStore, clock: Clock) {
    this.#since = new Notes(store, 'greeted', clock);
  }

  /** Of an activity in a personal chat: true where somebody added m0 who is to be greeted; then they have been. */
  async isDue(activity: Activity): Promise<boolean> {
    if (!isInstallation(activity, 'add')) return false;
    const user = userOf(activity);
    return this.#alone(user, async () => {
      if ((await this.#since.get(user)) === GREETED) return false;
      await this.#since.set(user, GREETED);
      return true;
    });
  }

  /** m0 was taken away from a person; an upgrade takes it away and adds it at once, and is not this. */
  async removed(activity: Activity): Promise<void> {
    if (isInstallation(activity, 'remove')) await this.#since.set(userOf(activity), '');
  }
}

const GREETED = 'yes';

/** Not an upgrade, whose action is `add-upgrade` or `remove-upgrade`. */
function isInstallation({ type, action }: Activity, what: 'add' | 'remove'): boolean {
  return type === 'installationUpdate' && action?.toLowerCase() === what;
}

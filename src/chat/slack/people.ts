import type { WebClient } from '@slack/web-api';
import type { Clock, Person } from '../../model/directory.ts';
import type { Actor } from '../../model/run.ts';
import { toChatError } from './errors.ts';

const NAME_TTL_MS = 10 * 60_000;
const GROUP_TTL_MS = 60_000;
/** A name is not worth missing Slack's 3 seconds for. */
const NAME_PATIENCE_MS = 800;
/** Names remembered at a time. */
const NAMES = 2_000;

interface Kept<T> {
  readonly value: T;
  readonly until: number;
}

/** Of Slack's account of a user, what tells who that is. */
interface Account {
  readonly id?: string;
  readonly team_id?: string;
  readonly name?: string;
  readonly real_name?: string;
  readonly deleted?: boolean;
  readonly is_bot?: boolean;
  readonly is_restricted?: boolean;
  readonly is_ultra_restricted?: boolean;
  readonly is_stranger?: boolean;
  readonly is_email_confirmed?: boolean;
  readonly profile?: { readonly display_name?: string; readonly email?: string };
}

/** How people are known by their e-mail. */
export interface Matching {
  /** Id of the workspace itself. */
  readonly teamId: () => Promise<string>;
  /** Told why somebody could not be known so. */
  readonly onProblem: (problem: string) => void;
}

/** The e-mail that Slack vouches for: of a full member of this very workspace who confirmed it. Else null. */
function provenEmail(account: Account, teamId: string): string | null {
  const isMember =
    account.team_id === teamId &&
    account.deleted !== true &&
    account.is_bot !== true &&
    account.is_restricted !== true &&
    account.is_ultra_restricted !== true &&
    account.is_stranger !== true;
  const email = account.profile?.email?.toLowerCase() ?? '';
  return isMember && account.is_email_confirmed === true && email !== '' ? email : null;
}

/** People by e-mail in small letters; null where it is that of several, who then are nobody. */
function byEmail(people: readonly Person[]): ReadonlyMap<string, Person | null> {
  const found = new Map<string, Person | null>();
  for (const person of people) {
    const email = person.email?.toLowerCase();
    if (email !== undefined) found.set(email, found.has(email) ? null : person);
  }
  return found;
}

/**
 * Who is who on Slack: people of m0.yaml by their id, those without one by the e-mail that Slack has confirmed
 * where that is wanted, and Slack's own name for all others.
 */
export class SlackPeople {
  readonly #client: WebClient;
  readonly #clock: Clock;
  readonly #byKey: ReadonlyMap<string, Person>;
  readonly #bySlack: ReadonlyMap<string, Person>;
  readonly #byEmail: ReadonlyMap<string, Person | null>;
  readonly #matching: Matching | null;
  readonly #names = new Map<string, Kept<string>>();
  readonly #matched = new Map<string, Kept<Person | null>>();
  readonly #groups = new Map<string, Kept<readonly string[]>>();

  /** `matching` null: people are known by their id alone. */
  constructor(client: WebClient, people: readonly Person[], clock: Clock, matching: Matching | null = null) {
    this.#client = client;
    this.#clock = clock;
    this.#byKey = new Map(people.map((p) => [p.key, p]));
    this.#bySlack = new Map(people.flatMap((p) => (p.slack === null ? [] : [[p.slack, p] as const])));
    this.#byEmail = byEmail(people);
    this.#matching = matching;
  }

  /** Slack id of a person of m0.yaml, or null where there is none that Slack would take. */
  readonly slackId = (person: string): string | null => {
    const id = this.#byKey.get(person)?.slack ?? null;
    return id !== null && /^[UW][A-Z0-9]+$/.test(id) ? id : null;
  };

  /** The user as an actor; `userId` must be what Slack itself authenticated. Never rejects. */
  async actor(userId: string): Promise<Actor> {
    const person = this.#bySlack.get(userId) ?? (await this.#personByEmail(userId));
    if (person) return { person: person.key, platform: 'slack', userId, name: person.name };
    return { person: null, platform: 'slack', userId, name: await this.#name(userId) };
  }

  /** The person without an id whose e-mail Slack vouches for; null where it does not, or can't be asked. */
  async #personByEmail(userId: string): Promise<Person | null> {
    if (this.#matching === null) return null;
    const kept = this.#matched.get(userId);
    if (kept && kept.until > this.#clock()) return kept.value;
    try {
      const [{ user }, teamId] = await Promise.all([
        this.#client.users.info({ user: userId }),
        this.#matching.teamId(),
      ]);
      if (user?.profile?.email === undefined && user?.is_bot !== true) {
        this.#matching.onProblem(
          `Slack names no e-mail of ${userId}: the app needs the scope users:read.email`,
        );
      }
      const email = user?.id === userId ? provenEmail(user, teamId) : null;
      const person = email === null ? null : (this.#byEmail.get(email) ?? null);
      // An id that m0.yaml gives is the last word: nobody else is that person.
      const value = person?.slack === null ? person : null;
      if (this.#matched.size >= NAMES) this.#matched.clear();
      this.#matched.set(userId, { value, until: this.#clock() + NAME_TTL_MS });
      return value;
    } catch (error) {
      // Not remembered: whoever can't be asked about is nobody this time, and asked about the next.
      this.#matching.onProblem(toChatError(`asking Slack who ${userId} is`, error).message);
      return null;
    }
  }

  /** Members of a user group as Slack ids, at most a minute old. */
  async usergroup(id: string): Promise<readonly string[]> {
    const kept = this.#groups.get(id);
    if (kept && kept.until > this.#clock()) return kept.value;
    try {
      const answer = await this.#client.usergroups.users.list({ usergroup: id });
      const users = answer.users ?? [];
      this.#groups.set(id, { value: users, until: this.#clock() + GROUP_TTL_MS });
      return users;
    } catch (error) {
      throw toChatError(`reading the members of user group ${id}`, error);
    }
  }

  async #name(userId: string): Promise<string> {
    const kept = this.#names.get(userId);
    if (kept && kept.until > this.#clock()) return kept.value;
    const asked = this.#client.users
      .info({ user: userId })
      .then(({ user }) => {
        const name = user?.profile?.display_name || user?.real_name || user?.name || userId;
        if (this.#names.size >= NAMES) this.#names.clear();
        this.#names.set(userId, { value: name, until: this.#clock() + NAME_TTL_MS });
        return name;
      })
      .catch(() => userId);
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<string>((resolve) => {
      timer = setTimeout(() => resolve(userId), NAME_PATIENCE_MS);
    });
    try {
      return await Promise.race([asked, late]);
    } finally {
      clearTimeout(timer);
    }
  }
}

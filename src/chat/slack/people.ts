/** Who a Slack user is, and the members of a user group. */
import type { WebClient } from '@slack/web-api';
import type { Clock, Person } from '../../model/directory.ts';
import type { Actor } from '../../model/run.ts';
import { toChatError } from './errors.ts';

const NAME_TTL_MS = 10 * 60_000;
const GROUP_TTL_MS = 60_000;
/** How long a name is waited for: the answer within Slack's 3 seconds matters more. */
const NAME_TIMEOUT_MS = 800;
/** Largest number of cached names. */
const MAX_NAMES = 2_000;

interface Cached<T> {
  readonly value: T;
  readonly until: number;
}

/** The fields of Slack's user object that m0 reads. */
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

/** Settings for recognising people by e-mail. */
export interface EmailMatching {
  /** The workspace's own team id. */
  readonly teamId: () => Promise<string>;
  /** Called with the reason where a user could not be recognised by e-mail. */
  readonly onProblem: (problem: string) => void;
}

/**
 * The user's e-mail, if Slack confirmed it and the user is a full member of this workspace; otherwise null.
 */
function confirmedEmail(account: Account, teamId: string): string | null {
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

/** People by e-mail in lower case. Null where several people share one: it then identifies none of them. */
function byEmail(people: readonly Person[]): ReadonlyMap<string, Person | null> {
  const found = new Map<string, Person | null>();
  for (const person of people) {
    const email = person.email?.toLowerCase();
    if (email !== undefined) found.set(email, found.has(email) ? null : person);
  }
  return found;
}

/**
 * Maps Slack users to people of m0.yaml: by Slack id, or, where enabled and the person has no id, by an
 * e-mail that Slack confirmed. Other users have only their Slack name.
 */
export class SlackPeople {
  readonly #client: WebClient;
  readonly #clock: Clock;
  #byKey: ReadonlyMap<string, Person> = new Map();
  #bySlack: ReadonlyMap<string, Person> = new Map();
  #byEmail: ReadonlyMap<string, Person | null> = new Map();
  readonly #matching: EmailMatching | null;
  readonly #names = new Map<string, Cached<string>>();
  readonly #matched = new Map<string, Cached<Person | null>>();
  readonly #groups = new Map<string, Cached<readonly string[]>>();

  /** With `matching` null, people are recognised by their Slack id only. */
  constructor(
    client: WebClient,
    people: readonly Person[],
    clock: Clock,
    matching: EmailMatching | null = null,
  ) {
    this.#client = client;
    this.#clock = clock;
    this.#matching = matching;
    this.follow(people);
  }

  /** Knows these people from now on, and nobody else. */
  follow(people: readonly Person[]): void {
    this.#byKey = new Map(people.map((p) => [p.key, p]));
    this.#bySlack = new Map(people.flatMap((p) => (p.slack === null ? [] : [[p.slack, p] as const])));
    this.#byEmail = byEmail(people);
    this.#matched.clear();
  }

  /** Slack id of a person of m0.yaml. Null where they have none, or one that Slack would refuse. */
  readonly slackId = (person: string): string | null => {
    const id = this.#byKey.get(person)?.slack ?? null;
    return id !== null && /^[UW][A-Z0-9]+$/.test(id) ? id : null;
  };

  /** The user as an actor. `userId` must come from a request that Slack authenticated. Never rejects. */
  async actor(userId: string): Promise<Actor> {
    const person = this.#bySlack.get(userId) ?? (await this.#personByEmail(userId));
    if (person) return { person: person.key, platform: 'slack', userId, name: person.name };
    return { person: null, platform: 'slack', userId, name: await this.#name(userId) };
  }

  /**
   * The person whose e-mail Slack confirms for this user, if m0.yaml gives that person no Slack id. Null
   * where Slack does not confirm it or cannot be asked.
   */
  async #personByEmail(userId: string): Promise<Person | null> {
    if (this.#matching === null) return null;
    const cached = this.#matched.get(userId);
    if (cached && cached.until > this.#clock()) return cached.value;
    const known = this.#byEmail;
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
      const email = user?.id === userId ? confirmedEmail(user, teamId) : null;
      const person = email === null ? null : (this.#byEmail.get(email) ?? null);
      // If m0.yaml gives the person a Slack id, only that id counts.
      const value = person?.slack === null ? person : null;
      // Other people may be known by now: who is meant is asked again.
      if (known !== this.#byEmail) return this.#personByEmail(userId);
      if (this.#matched.size >= MAX_NAMES) this.#matched.clear();
      this.#matched.set(userId, { value, until: this.#clock() + NAME_TTL_MS });
      return value;
    } catch (error) {
      // Not cached: the user is unknown this time, and the next call asks Slack again.
      this.#matching.onProblem(toChatError(`asking Slack who ${userId} is`, error).message);
      return null;
    }
  }

  /** Members of a user group as Slack ids, at most a minute old. Rejects with a ChatError. */
  async usergroup(id: string): Promise<readonly string[]> {
    const cached = this.#groups.get(id);
    if (cached && cached.until > this.#clock()) return cached.value;
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
    const cached = this.#names.get(userId);
    if (cached && cached.until > this.#clock()) return cached.value;
    const lookup = this.#client.users
      .info({ user: userId })
      .then(({ user }) => {
        const name = user?.profile?.display_name || user?.real_name || user?.name || userId;
        if (this.#names.size >= MAX_NAMES) this.#names.clear();
        this.#names.set(userId, { value: name, until: this.#clock() + NAME_TTL_MS });
        return name;
      })
      .catch(() => userId);
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<string>((resolve) => {
      timer = setTimeout(() => resolve(userId), NAME_TIMEOUT_MS);
    });
    try {
      return await Promise.race([lookup, timeout]);
    } finally {
      clearTimeout(timer);
    }
  }
}

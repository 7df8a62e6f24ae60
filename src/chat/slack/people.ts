import type { WebClient } from '@slack/web-api';
import type { Clock, Person } from '../../runs/ports.ts';
import type { Actor } from '../../runs/run.ts';
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

/** Who is who on Slack: people of m0.yaml by their id, and Slack's own answer for all others. */
export class SlackPeople {
  readonly #client: WebClient;
  readonly #clock: Clock;
  readonly #byKey: ReadonlyMap<string, Person>;
  readonly #bySlack: ReadonlyMap<string, Person>;
  readonly #names = new Map<string, Kept<string>>();
  readonly #groups = new Map<string, Kept<readonly string[]>>();

  constructor(client: WebClient, people: readonly Person[], clock: Clock) {
    this.#client = client;
    this.#clock = clock;
    this.#byKey = new Map(people.map((p) => [p.key, p]));
    this.#bySlack = new Map(people.flatMap((p) => (p.slack === null ? [] : [[p.slack, p] as const])));
  }

  /** Slack id of a person of m0.yaml, or null where there is none that Slack would take. */
  readonly slackId = (person: string): string | null => {
    const id = this.#byKey.get(person)?.slack ?? null;
    return id !== null && /^[UW][A-Z0-9]+$/.test(id) ? id : null;
  };

  /** The user as an actor; `userId` must be what Slack itself authenticated. Never rejects. */
  async actor(userId: string): Promise<Actor> {
    const person = this.#bySlack.get(userId);
    if (person) return { person: person.key, platform: 'slack', userId, name: person.name };
    return { person: null, platform: 'slack', userId, name: await this.#name(userId) };
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

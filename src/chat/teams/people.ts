/** Who a Teams user is. */
import type { Person } from '../../model/directory.ts';
import type { Actor } from '../../model/run.ts';
import type { Activity } from './activity.ts';
import { userOf } from './conversations.ts';

/** Maps Teams users to people of m0.yaml, by their Entra object id. */
export class TeamsPeople {
  #byKey: ReadonlyMap<string, Person> = new Map();
  #byTeams: ReadonlyMap<string, Person> = new Map();

  constructor(people: readonly Person[]) {
    this.follow(people);
  }

  /** Knows these people from now on, and nobody else. */
  follow(people: readonly Person[]): void {
    this.#byKey = new Map(people.map((p) => [p.key, p]));
    this.#byTeams = new Map(
      people.flatMap((p) => (p.teams === null ? [] : [[p.teams.toLowerCase(), p] as const])),
    );
  }

  /** Entra object id of a person of m0.yaml. Null where they have none, or one that Teams would refuse. */
  readonly teamsId = (person: string): string | null => {
    const id = this.#byKey.get(person)?.teams ?? null;
    return id !== null && /^[\w-]+$/.test(id) ? id : null;
  };

  nameOf(person: string): string {
    return this.#byKey.get(person)?.name ?? person;
  }

  readonly isKnown = (aadObjectId: string): boolean => this.#byTeams.has(aadObjectId.toLowerCase());

  /** The sender as an actor. Only the object id counts: a Teams id never identifies a person of m0.yaml. */
  actor(activity: Activity): Actor {
    const { aadObjectId, name, id } = activity.from;
    const person = aadObjectId ? this.#byTeams.get(aadObjectId.toLowerCase()) : undefined;
    const userId = userOf(activity);
    if (person) return { person: person.key, platform: 'teams', userId, name: person.name };
    return { person: null, platform: 'teams', userId, name: name || id };
  }
}

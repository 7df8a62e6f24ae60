import type { Json } from './model.ts';
import type { Organisation } from './organisation.ts';

export interface BotAnswer {
  readonly status: number;
  readonly body: Json | null;
}

/** The way from Teams to the bot: what it is sent, and how. */
export class BotLine {
  /** As people mention it. */
  readonly name: string;
  readonly #organisation: Organisation;
  readonly #serviceUrl: string;
  readonly #proof: () => string | null;
  #address: string | null = null;

  /** `proof`: the Authorization header that proves the sender, anew for each request; null: none. */
  constructor(organisation: Organisation, name: string, serviceUrl: string, proof: () => string | null) {
    this.#organisation = organisation;
    this.name = name;
    this.#serviceUrl = serviceUrl;
    this.#proof = proof;
  }

  /** Where the bot listens from now on, without the path; null: nowhere. */
  connect(address: string | null): void {
    this.#address = address;
    this.#organisation.changed();
  }

  get isConnected(): boolean {
    return this.#address !== null;
  }

  /** An activity as Teams sends it, from somebody in a conversation (with its thread), with these fields changed. */
  activity(person: string, conversation: string, change: Json): Json {
    const organisation = this.#organisation;
    const [base = ''] = conversation.split(';');
    const team = organisation.teamOf(base);
    return {
      id: organisation.nextId(),
      channelId: 'msteams',
      serviceUrl: this.#serviceUrl,
      timestamp: new Date(organisation.now()).toISOString(),
      from: {
        id: `29:${person}`,
        name: organisation.people.find((p) => p.aadObjectId === person)?.name ?? 'Somebody',
        aadObjectId: person,
      },
      recipient: { id: organisation.botId, name: this.name },
      conversation: {
        id: conversation,
        tenantId: organisation.tenantId,
        conversationType: organisation.kindOf(base),
      },
      channelData: {
        tenant: { id: organisation.tenantId },
        ...(team ? { team: { id: team.id }, channel: { id: base } } : {}),
      },
      ...change,
    };
  }

  /** Hands an activity to the bot and answers what it said. Rejects where it can't be reached. */
  async deliver(sent: Json, authorization: string | null = this.#proof()): Promise<BotAnswer> {
    if (this.#address === null) throw new Error('m0 is not connected to Teams');
    const response = await fetch(`${this.#address}/api/messages`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...(authorization === null ? {} : { authorization }),
      },
      body: JSON.stringify(sent),
    });
    const text = await response.text();
    this.#organisation.changed();
    return { status: response.status, body: text.startsWith('{') ? (JSON.parse(text) as Json) : null };
  }
}

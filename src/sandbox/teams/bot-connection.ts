/** Sends activities from the local Teams to the bot. */
import type { Json } from './model.ts';
import type { Organisation } from './organisation.ts';

export interface BotAnswer {
  readonly status: number;
  readonly body: Json | null;
}

/** The connection from Teams to the bot. */
export class BotConnection {
  /** The name by which people mention it. */
  readonly name: string;
  readonly #organisation: Organisation;
  readonly #serviceUrl: string;
  readonly #proof: () => string | null;
  #address: string | null = null;

  /** `proof` returns the Authorization header for each request; null for none. */
  constructor(organisation: Organisation, name: string, serviceUrl: string, proof: () => string | null) {
    this.#organisation = organisation;
    this.name = name;
    this.#serviceUrl = serviceUrl;
    this.#proof = proof;
  }

  /** Sets the bot's address, without the path; null disconnects it. */
  connect(address: string | null): void {
    this.#address = address;
    this.#organisation.changed();
  }

  get isConnected(): boolean {
    return this.#address !== null;
  }

  /**
   * An activity as Teams sends it, from a person in a conversation (with its thread); `change` overrides
   * fields.
   */
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

  /** Sends an activity to the bot and returns its answer. Rejects where the bot cannot be reached. */
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

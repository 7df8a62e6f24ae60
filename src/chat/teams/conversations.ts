import { z } from 'zod';
import { type Activity, conversationOf, tenantOf } from './activity.ts';
import type { Memory } from './recent.ts';

/** Where the Bot Connector takes messages of this organisation, and who m0 is there. */
const service = z.object({ serviceUrl: z.string(), botId: z.string(), tenantId: z.string().nullable() });
export type Service = z.infer<typeof service>;

const conversation = service.extend({ kind: z.enum(['personal', 'groupChat', 'channel']) });
export type Conversation = z.infer<typeof conversation>;

const person = z.object({ conversation: z.string() });

const conversationName = (id: string): string => `teams:conversation:${id}`;
const personName = (aadObjectId: string): string => `teams:person:${aadObjectId.toLowerCase()}`;
const SERVICE = 'teams:service';

/** A person of an activity as m0.yaml names them; their Teams id where Teams gives no other. */
export function userOf({ from }: Activity): string {
  return from.aadObjectId?.toLowerCase() ?? from.id;
}

/**
 * The conversations m0 was met in: a bot can only write to where Teams has told it the way. They are stored, so
 * that a restart forgets none. Only what the Bot Connector signed gets in here.
 */
export class Conversations {
  readonly #memory: Memory;
  /** What was stored lately, so that a busy channel is not written again and again. */
  readonly #stored = new Map<string, string>();
  /** Those of m0.yaml that m0 was not met in. */
  readonly #unseen = new Set<string>();

  constructor(memory: Memory) {
    this.#memory = memory;
  }

  /** Looks which of these channels m0 was met in. */
  async expect(channels: readonly string[]): Promise<void> {
    for (const id of channels) if ((await this.find(id)) === null) this.#unseen.add(id);
  }

  /** Channels of m0.yaml that m0 was not met in yet. */
  unseen(): readonly string[] {
    return [...this.#unseen];
  }

  async meet(activity: Activity): Promise<void> {
    const { serviceUrl, recipient } = activity;
    const where: Service = { serviceUrl, botId: recipient.id, tenantId: tenantOf(activity) };
    await this.#set(SERVICE, where);
    // What does not say that it is private is not.
    const kind = activity.conversation.conversationType ?? 'groupChat';
    const id = conversationOf(activity);
    await this.add(id, { ...where, kind });
    if (kind === 'personal') await this.#set(personName(userOf(activity)), { conversation: id });
  }

  async add(id: string, where: Conversation): Promise<void> {
    await this.#set(conversationName(id), where);
    this.#unseen.delete(id);
  }

  find(id: string): Promise<Conversation | null> {
    return this.#get(conversationName(id), conversation);
  }

  service(): Promise<Service | null> {
    return this.#get(SERVICE, service);
  }

  /** The direct messages with a person, where they wrote to m0 or have it installed. */
  async personal(user: string): Promise<string | null> {
    return (await this.#get(personName(user), person))?.conversation ?? null;
  }

  async setPersonal(user: string, id: string, where: Service): Promise<void> {
    await this.add(id, { ...where, kind: 'personal' });
    await this.#set(personName(user), { conversation: id });
  }

  /** Forgets the way to a person, who took m0 away: asked again it may be there again. */
  async forgetPersonal(user: string): Promise<void> {
    this.#stored.delete(personName(user));
    await this.#memory.setValue(personName(user), '');
  }

  async #get<T>(name: string, schema: z.ZodType<T>): Promise<T | null> {
    const value = await this.#memory.value(name);
    return value === undefined || value === '' ? null : schema.parse(JSON.parse(value));
  }

  async #set(name: string, value: object): Promise<void> {
    const text = JSON.stringify(value);
    if (this.#stored.get(name) === text) return;
    await this.#memory.setValue(name, text);
    if (this.#stored.size >= 1_000) this.#stored.clear();
    this.#stored.set(name, text);
  }
}

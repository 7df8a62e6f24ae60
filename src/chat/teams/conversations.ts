import { z } from 'zod';
import { createKeyedLock } from '../../base/keyed-lock.ts';
import { type Activity, conversationOf, tenantOf } from './activity.ts';
import type { Memory } from './recent.ts';

/** Where the Bot Connector takes messages of this organisation, and who m0 is there. */
const service = z.object({ serviceUrl: z.string(), botId: z.string(), tenantId: z.string().nullable() });
export type Service = z.infer<typeof service>;

const conversation = service.extend({
  kind: z.enum(['personal', 'groupChat', 'channel']),
  /** True: Teams said that m0 is there no more. It is tried all the same: a success tells more than a word. */
  gone: z.literal(true).optional(),
});
export type Conversation = z.infer<typeof conversation>;

/** `listed` is false until Teams has told all of its channels. */
const team = z.object({ serviceUrl: z.string(), channels: z.array(z.string()), listed: z.boolean() });
type Team = z.infer<typeof team>;
/** Teams lets a team have no more. */
const CHANNELS = 1_000;

const person = z.object({ conversation: z.string() });

const conversationName = (id: string): string => `teams:conversation:${id}`;
const personName = (aadObjectId: string): string => `teams:person:${aadObjectId.toLowerCase()}`;
const teamName = (id: string): string => `teams:team:${id}`;
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
  /** Channels of m0.yaml. */
  readonly #expected = new Set<string>();
  /** Channels of m0.yaml from which m0 has received nothing yet, or in which it is no more. */
  readonly #unseen = new Set<string>();
  readonly #alone = createKeyedLock();

  constructor(memory: Memory) {
    this.#memory = memory;
  }

  /** Looks up which of these channels m0 has received something from. */
  async expect(channels: readonly string[]): Promise<void> {
    for (const id of channels) {
      this.#expected.add(id);
      const known = await this.find(id);
      if (known === null || known.gone) this.#unseen.add(id);
    }
  }

  /** Channels of m0.yaml from which m0 has received nothing yet, or in which it is no more. */
  unseen(): readonly string[] {
    return [...this.#unseen];
  }

  async meet(activity: Activity): Promise<void> {
    const { serviceUrl, recipient } = activity;
    const where: Service = { serviceUrl, botId: recipient.id, tenantId: tenantOf(activity) };
    await this.#set(SERVICE, where);
    // Without a type, it is not a private chat.
    const kind = activity.conversation.conversationType ?? 'groupChat';
    const id = conversationOf(activity);
    await this.add(id, { ...where, kind });
    if (kind === 'personal') await this.#set(personName(userOf(activity)), { conversation: id });
    const teamId = activity.channelData?.team?.id;
    if (teamId !== undefined && kind === 'channel') await this.addTo(teamId, [id], where);
  }

  /** Adds channels of a team. If the team's service URL has changed, its other channels get the new one too. */
  async addTo(teamId: string, ids: readonly string[], where: Service, listed?: boolean): Promise<void> {
    for (const id of ids) await this.add(id, { ...where, kind: 'channel' });
    await this.#changeTeam(teamId, async (known) => {
      if (known !== null && known.serviceUrl !== where.serviceUrl) {
        for (const id of known.channels) {
          const other = await this.find(id);
          if (other !== null)
            await this.#set(conversationName(id), { ...other, serviceUrl: where.serviceUrl });
        }
      }
      const channels = [...new Set([...(known?.channels ?? []), ...ids])].slice(0, CHANNELS);
      return { serviceUrl: where.serviceUrl, channels, listed: listed ?? known?.listed ?? true };
    });
  }

  /** True if Teams was asked for a team's channels and has not listed them yet. */
  async isUnlisted(teamId: string): Promise<boolean> {
    return (await this.#get(teamName(teamId), team))?.listed === false;
  }

  /** m0 is there no more: in a channel that was deleted, a group, or a whole team. */
  async leave(activity: Activity): Promise<void> {
    const teamId = activity.channelData?.team?.id;
    const ofChannel = /^channel/i.test(activity.channelData?.eventType ?? '');
    const ids = [conversationOf(activity)];
    if (teamId !== undefined && !ofChannel) {
      ids.push(...((await this.#get(teamName(teamId), team))?.channels ?? []));
    }
    for (const id of ids) {
      const known = await this.find(id);
      if (known !== null) await this.#set(conversationName(id), { ...known, gone: true });
      if (this.#expected.has(id)) this.#unseen.add(id);
    }
  }

  /** A message arrived there, so m0 is there after all. */
  async arrived(id: string): Promise<void> {
    const known = await this.find(id);
    if (known?.gone) await this.add(id, { ...known, gone: undefined });
  }

  async #changeTeam(id: string, change: (known: Team | null) => Promise<Team>): Promise<void> {
    await this.#alone(id, async () => {
      await this.#set(teamName(id), await change(await this.#get(teamName(id), team)));
    });
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

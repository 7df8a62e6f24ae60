import { z } from 'zod';
import type { TeamsConversation, TeamsStore } from '../../ports/chat-store.ts';
import type { Store } from '../../ports/store.ts';
import { type Activity, conversationOf, tenantOf } from './activity.ts';

/** Where what m0 knows of Teams outlives a restart. */
export type TeamsMemory = TeamsStore & Pick<Store, 'value' | 'setValue'>;

/** Where the Bot Connector takes messages of this organisation, and who m0 is there. */
const service = z.object({ serviceUrl: z.string(), botId: z.string(), tenantId: z.string().nullable() });
export type Service = z.infer<typeof service>;

export type Conversation = Omit<TeamsConversation, 'id'>;

/** Name of the single value that says where the service is. */
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
  readonly #store: TeamsMemory;
  /** Channels of m0.yaml. */
  readonly #expected = new Set<string>();
  /** Channels of m0.yaml from which m0 has received nothing yet, or in which it is no more. */
  readonly #unseen = new Set<string>();

  constructor(store: TeamsMemory) {
    this.#store = store;
  }

  /** Looks up which of these channels m0 has received something from. */
  async expect(channels: readonly string[]): Promise<void> {
    for (const id of channels) {
      this.#expected.add(id);
      const known = await this.find(id);
      if (known === null || known.gone) this.#unseen.add(id);
    }
  }

  /** Looks up what other processes were told of these channels. */
  async lookAgain(): Promise<void> {
    for (const id of this.#expected) {
      const known = await this.find(id);
      if (known === null || known.gone) this.#unseen.add(id);
      else this.#unseen.delete(id);
    }
  }

  /** Channels of m0.yaml from which m0 has received nothing yet, or in which it is no more. */
  unseen(): readonly string[] {
    return [...this.#unseen];
  }

  async meet(activity: Activity): Promise<void> {
    const { serviceUrl, recipient } = activity;
    const where: Service = { serviceUrl, botId: recipient.id, tenantId: tenantOf(activity) };
    const text = JSON.stringify(where);
    if ((await this.#store.value(SERVICE)) !== text) await this.#store.setValue(SERVICE, text);
    // Without a type, it is not a private chat.
    const kind = activity.conversation.conversationType ?? 'groupChat';
    const id = conversationOf(activity);
    await this.add(id, { ...where, kind, gone: false });
    if (kind === 'personal') await this.#setPersonal(userOf(activity), id);
    const teamId = activity.channelData?.team?.id;
    if (teamId !== undefined && kind === 'channel') await this.#addToTeam(teamId, [id], where);
  }

  /** Adds channels of a team. If the team's service URL has changed, its other channels get the new one too. */
  async addTo(teamId: string, ids: readonly string[], where: Service, listed?: boolean): Promise<void> {
    for (const id of ids) await this.add(id, { ...where, kind: 'channel', gone: false });
    await this.#addToTeam(teamId, ids, where, listed);
  }

  /** True if Teams was asked for a team's channels and has not listed them yet. */
  async isUnlisted(teamId: string): Promise<boolean> {
    return (await this.#store.teamsTeam(teamId))?.listed === false;
  }

  /** m0 is there no more: in a channel that was deleted, a group, or a whole team. */
  async leave(activity: Activity): Promise<void> {
    const teamId = activity.channelData?.team?.id;
    const ofChannel = /^channel/i.test(activity.channelData?.eventType ?? '');
    const ids = [conversationOf(activity)];
    if (teamId !== undefined && !ofChannel) {
      ids.push(...((await this.#store.teamsTeam(teamId))?.channels ?? []));
    }
    for (const id of ids) {
      const known = await this.find(id);
      if (known !== null) await this.#store.setTeamsConversation({ ...known, id, gone: true });
      if (this.#expected.has(id)) this.#unseen.add(id);
    }
  }

  /** A message arrived there, so m0 is there after all. */
  async arrived(id: string): Promise<void> {
    const known = await this.find(id);
    if (known?.gone) await this.add(id, { ...known, gone: false });
  }

  /** Most activities come from where m0 was met before: then nothing is written. */
  async #addToTeam(id: string, channels: readonly string[], where: Service, listed?: boolean): Promise<void> {
    const { serviceUrl } = where;
    const known = await this.#store.teamsTeam(id);
    const isKnown =
      known?.serviceUrl === serviceUrl &&
      channels.every((channel) => known.channels.includes(channel)) &&
      (listed ?? known.listed) === known.listed;
    if (!isKnown) await this.#store.addTeamsChannels(id, { serviceUrl, channels, listed });
  }

  async add(id: string, where: Conversation): Promise<void> {
    const { kind, serviceUrl, botId, tenantId, gone } = where;
    const known = await this.#store.teamsConversation(id);
    const isKnown =
      known?.kind === kind &&
      known.serviceUrl === serviceUrl &&
      known.botId === botId &&
      known.tenantId === tenantId &&
      known.gone === gone;
    if (!isKnown) await this.#store.setTeamsConversation({ id, kind, serviceUrl, botId, tenantId, gone });
    this.#unseen.delete(id);
  }

  async find(id: string): Promise<Conversation | null> {
    return (await this.#store.teamsConversation(id)) ?? null;
  }

  async service(): Promise<Service | null> {
    const value = await this.#store.value(SERVICE);
    return value === undefined ? null : service.parse(JSON.parse(value));
  }

  /** The direct messages with a person, where they wrote to m0 or have it installed. */
  async personal(user: string): Promise<string | null> {
    return (await this.#store.teamsPersonal(user.toLowerCase())) ?? null;
  }

  async setPersonal(user: string, id: string, where: Service): Promise<void> {
    await this.add(id, { ...where, kind: 'personal', gone: false });
    await this.#setPersonal(user, id);
  }

  async #setPersonal(user: string, id: string): Promise<void> {
    if ((await this.personal(user)) !== id) await this.#store.setTeamsPersonal(user.toLowerCase(), id);
  }

  /** Deletes the stored chat with a person who took m0 away: asked again it may be there again. */
  async forgetPersonal(user: string): Promise<void> {
    await this.#store.setTeamsPersonal(user.toLowerCase(), null);
  }
}

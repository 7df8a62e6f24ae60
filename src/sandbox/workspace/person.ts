import { deliverEvent } from './delivery.ts';
import { type ElementMatcher, findElement } from './finding-elements.ts';
import { type ChannelRecord, type Message, SLACKBOT, type View, type WorkspaceUser } from './model.ts';
import {
  actionOf,
  closedPayload,
  type EnteredValues,
  eventPayload,
  messageActionPayload,
  messageEvent,
  slashPayload,
  viewActionPayload,
} from './payloads.ts';
import { accept, contentOf, postAsBot } from './posting.ts';
import type { Realm } from './realm.ts';
import { OF_WHAT_IS_HEARD } from './scopes.ts';
import { type SubmitResult, submitView } from './submitting.ts';
import { PLAIN_PARSING, parseMessage } from './text.ts';
import type { Entered } from './views.ts';

/** What became of a slash command; `ephemerals` is what the person saw by the time it was acknowledged. */
export interface SlashResult {
  readonly outcome:
    | 'acked'
    | 'operation_timeout'
    | 'dispatch_failed'
    | 'invalid_command_response'
    | 'invalid_command';
  readonly ephemerals: readonly Message[];
}

export type ClickResult =
  | { readonly outcome: 'acked' }
  | { readonly outcome: 'operation_timeout' | 'dispatch_failed' }
  /** The element asks first: click again with `confirm: true`. */
  | { readonly outcome: 'needs_confirmation'; readonly confirm: Readonly<Record<string, unknown>> };

export interface ClickOptions {
  /** Answers the element's confirmation dialog with yes. */
  readonly confirm?: boolean;
  /** The option's value (or the picked date) for anything but a button. */
  readonly value?: Entered;
  /** What stands in the other inputs, keyed by action_id or block_id. */
  readonly values?: EnteredValues;
}

/** Acting as one person of the workspace, through what Slack's own client would let them do. */
export class Person {
  readonly #realm: Realm;
  readonly #user: WorkspaceUser;

  constructor(realm: Realm, user: WorkspaceUser) {
    this.#realm = realm;
    this.#user = user;
  }

  /** Runs a slash command. Resolves once the app acknowledged it, or 3 s later with an error the person sees. */
  async slash(command: string, text: string, channelIdOrName: string): Promise<SlashResult> {
    const channel = this.#channel(channelIdOrName, true);
    const registered = this.#realm.troubles.has(OF_WHAT_IS_HEARD.command) ? this.#realm.commands : [];
    if (!registered.includes(command)) {
      const told = this.#tell(channel, `${command} is not a valid command.`, null);
      return { outcome: 'invalid_command', ephemerals: [told] };
    }
    const before = this.#ephemerals(channel).length;
    const payload = slashPayload(this.#realm, this.#user, channel, command, text);
    const ack = await this.#realm.delivery.deliver('slash_commands', payload, null);
    let outcome: SlashResult['outcome'] = ack.ok ? 'acked' : ack.error;
    if (ack.ok && !this.#showAck(channel, ack.payload)) outcome = 'invalid_command_response';
    if (outcome !== 'acked') this.#tell(channel, `${command} failed with the error "${outcome}"`, null);
    return { outcome, ephemerals: this.#ephemerals(channel).slice(before) };
  }

  /**
   * Writes a message, in a thread where `threadTs` is given. Resolves once the app acknowledged the event
   * that follows (a mention of the bot, or any message to it), or Slack gave up delivering it.
   */
  async say(channelIdOrName: string, text: string, threadTs?: string): Promise<Message> {
    const channel = this.#channel(channelIdOrName, true);
    const { troubles } = this.#realm;
    const root = threadTs ? this.#realm.state.message(channel.id, threadTs) : undefined;
    if (threadTs && !root) throw new Error(`replying in ${channel.name}: there is no message ${threadTs}`);
    const written = this.#asTyped(text);
    const message = this.#realm.state.addMessage({
      channel: channel.id,
      user: this.#user.id,
      text: written,
      blocks: [],
      threadTs: root ? (root.threadTs ?? root.ts) : null,
      alsoInChannel: false,
      visibleTo: null,
      metadata: null,
      files: [],
      ...parseMessage(written, [], PLAIN_PARSING),
    });
    const { botUserId } = this.#realm.state.directory;
    if (channel.kind === 'im') {
      if (troubles.has(OF_WHAT_IS_HEARD['message.im']))
        await this.#emit(messageEvent(this.#realm, 'message', channel, message));
    } else if (
      message.mentions.includes(botUserId) &&
      channel.members.includes(botUserId) &&
      troubles.has(OF_WHAT_IS_HEARD.app_mention)
    ) {
      await this.#emit(messageEvent(this.#realm, 'app_mention', channel, message));
    }
    return message;
  }

  /** Clicks a button, or chooses in a menu, of a message or of an open view. */
  async click(
    where: Message | View,
    matcher: ElementMatcher,
    options: ClickOptions = {},
  ): Promise<ClickResult> {
    const { blockId, element } = findElement(where.blocks, matcher);
    if (element.confirm && !options.confirm) {
      return { outcome: 'needs_confirmation', confirm: element.confirm as Record<string, unknown> };
    }
    const action = actionOf(blockId, element, options.value);
    const values = {
      ...options.values,
      ...(options.value === undefined ? {} : { [String(element.action_id)]: options.value }),
    };
    if (isView(where)) {
      const view = this.#ownView(where.id);
      const payload = viewActionPayload(this.#realm, this.#user, view, action, values);
      const ack = await this.#realm.delivery.deliver('interactive', payload, null);
      return { outcome: ack.ok ? 'acked' : ack.error };
    }
    const message = this.sees(where.channel).find((other) => other.ts === where.ts);
    if (!message) throw new Error(`clicking: ${this.#user.name} does not see message ${where.ts}`);
    const channel = this.#channel(message.channel);
    const payload = messageActionPayload(this.#realm, this.#user, channel, message, action, values);
    const ack = await this.#realm.delivery.deliver('interactive', payload, null);
    if (ack.ok) return { outcome: 'acked' };
    this.#tell(channel, `m0 did not react to your click: "${ack.error}"`, message.threadTs);
    return { outcome: ack.error };
  }

  /** Submits a modal; `values` are keyed by action_id or block_id, and what is left out keeps its initial value. */
  submit(viewId: string, values: EnteredValues = {}): Promise<SubmitResult> {
    return submitView(this.#realm, this.#user, this.#ownView(viewId), values);
  }

  /** Closes a modal, and everything under it where it says clear_on_close or `all`. */
  async closeView(viewId: string, all = false): Promise<void> {
    const view = this.#ownView(viewId);
    const clear = all || view.clearOnClose;
    const closed = this.views.filter((other) => clear || other === view);
    this.#realm.state.data.views = this.#realm.state.data.views.filter((other) => !closed.includes(other));
    this.#realm.state.changed();
    for (const one of closed.filter((other) => other.notifyOnClose)) {
      await this.#realm.delivery.deliver(
        'interactive',
        closedPayload(this.#realm, this.#user, one, clear),
        null,
      );
    }
  }

  /** Opens the app's home, which tells the app so. */
  async openHome(): Promise<void> {
    const channel = this.#realm.state.directMessage(this.#user.id).id;
    const event_ts = this.#realm.state.nextTs();
    await this.#emit({ type: 'app_home_opened', user: this.#user.id, channel, event_ts, tab: 'home' });
  }

  /** Dismisses a message that only this person sees. */
  dismiss(message: Message): void {
    if (message.visibleTo === this.#user.id) this.#realm.state.removeMessage(message);
  }

  /** Every message of a channel this person sees, oldest first: replies and own ephemeral ones included. */
  sees(channelIdOrName: string): Message[] {
    const channel = this.#channel(channelIdOrName);
    return this.#realm.state.data.messages.filter(
      (m) => m.channel === channel.id && (m.visibleTo === null || m.visibleTo === this.#user.id),
    );
  }

  /** The open modals, the top one last. */
  get views(): View[] {
    return this.#realm.state.data.views.filter((view) => view.user === this.#user.id);
  }

  /** What the app published as this person's home, null before it did. */
  get home(): View | null {
    return this.#realm.state.data.homes.find((view) => view.user === this.#user.id) ?? null;
  }

  #channel(idOrName: string, writing = false): ChannelRecord {
    const bot = this.#realm.state.user(this.#realm.state.directory.botUserId);
    if (bot && idOrName === `@${bot.name}`) return this.#realm.state.directMessage(this.#user.id);
    const channel = this.#realm.state.channel(idOrName);
    if (!channel?.members.includes(this.#user.id)) {
      throw new Error(`${this.#user.name} is in no channel ${idOrName}`);
    }
    if (writing && channel.isArchived) throw new Error(`#${channel.name} is archived: nothing is said there`);
    return channel;
  }

  #ownView(id: string): View {
    const view = [...this.views, this.home].find((other) => other?.id === id);
    if (!view) throw new Error(`${this.#user.name} has no view ${id} open`);
    return view;
  }

  #ephemerals(channel: ChannelRecord): Message[] {
    return this.sees(channel.id).filter((message) => message.visibleTo === this.#user.id);
  }

  /** Slack's own word to this person alone. */
  #tell(channel: ChannelRecord, text: string, threadTs: string | null): Message {
    return this.#realm.state.addMessage({
      channel: channel.id,
      user: SLACKBOT,
      text,
      blocks: [],
      threadTs,
      alsoInChannel: false,
      visibleTo: this.#user.id,
      metadata: null,
      files: [],
      mentions: [],
      links: [],
    });
  }

  /** Shows what an acknowledgement says, if anything. False where Slack would refuse it. */
  #showAck(channel: ChannelRecord, payload: unknown): boolean {
    const content = contentOf(payload);
    if (content.text === '' && content.blocks.length === 0) return true;
    const accepted = accept(this.#realm, content);
    if (!accepted.ok) return false;
    const inChannel = (payload as Record<string, unknown>).response_type === 'in_channel';
    const visibleTo = inChannel ? null : this.#user.id;
    postAsBot(this.#realm, accepted, { channel: channel.id, threadTs: null, visibleTo });
    return true;
  }

  /** Text as the client sends it: escaped, with `@name` and `#channel` of this workspace made live. */
  #asTyped(text: string): string {
    const { users, usergroups } = this.#realm.state.directory;
    const escaped = text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
    return escaped
      .replace(/(?<!\w)@([\w.-]*\w)/g, (typed, name: string) => {
        if (['here', 'channel', 'everyone'].includes(name)) return `<!${name}>`;
        const user = users.find((other) => other.name === name);
        const group = usergroups.find((other) => other.handle === name);
        return user ? `<@${user.id}>` : group ? `<!subteam^${group.id}>` : typed;
      })
      .replace(/(?<![\w&])#([\w-]+)/g, (typed, name: string) => {
        const channel = this.#realm.state.channel(`#${name}`);
        return channel ? `<#${channel.id}>` : typed;
      });
  }

  async #emit(event: Record<string, unknown>): Promise<void> {
    const payload = eventPayload(this.#realm, event);
    await deliverEvent(this.#realm.delivery, payload);
  }
}

function isView(where: Message | View): where is View {
  return 'rootId' in where;
}

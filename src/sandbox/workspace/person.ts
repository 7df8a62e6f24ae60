/** Acts as a person in the local Slack. */
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
import type { Runtime } from './runtime.ts';
import { EVENT_SCOPES } from './scopes.ts';
import { type SubmitResult, submitView } from './submitting.ts';
import { PLAIN_PARSING, parseMessage } from './text.ts';
import type { Entered } from './views.ts';

/**
 * The result of a slash command. `ephemerals` are the private messages that the person got before the
 * acknowledgement.
 */
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
  /** The element asks for confirmation: click again with `confirm: true`. */
  | { readonly outcome: 'needs_confirmation'; readonly confirm: Readonly<Record<string, unknown>> };

export interface ClickOptions {
  /** Confirms the element's confirmation dialog. */
  readonly confirm?: boolean;
  /** The option's value (or the picked date) for elements other than buttons. */
  readonly value?: Entered;
  /** Values of the other inputs, keyed by action_id or block_id. */
  readonly values?: EnteredValues;
}

/** Does what one person can do in Slack's own client. */
export class Person {
  readonly #runtime: Runtime;
  readonly #user: WorkspaceUser;

  constructor(runtime: Runtime, user: WorkspaceUser) {
    this.#runtime = runtime;
    this.#user = user;
  }

  /**
   * Runs a slash command. Resolves once the app acknowledged it, or after 3 s with an error that the person
   * sees.
   */
  async slash(command: string, text: string, channelIdOrName: string): Promise<SlashResult> {
    const channel = this.#channel(channelIdOrName, true);
    const registered = this.#runtime.faults.hasScope(EVENT_SCOPES.command) ? this.#runtime.commands : [];
    if (!registered.includes(command)) {
      const reply = this.#postFromSlackbot(channel, `${command} is not a valid command.`, null);
      return { outcome: 'invalid_command', ephemerals: [reply] };
    }
    const before = this.#ephemerals(channel).length;
    const payload = slashPayload(this.#runtime, this.#user, channel, command, text);
    const ack = await this.#runtime.delivery.deliver('slash_commands', payload, null);
    let outcome: SlashResult['outcome'] = ack.ok ? 'acked' : ack.error;
    if (ack.ok && !this.#showAck(channel, ack.payload)) outcome = 'invalid_command_response';
    if (outcome !== 'acked')
      this.#postFromSlackbot(channel, `${command} failed with the error "${outcome}"`, null);
    return { outcome, ephemerals: this.#ephemerals(channel).slice(before) };
  }

  /**
   * Writes a message, in a thread where `threadTs` is given. If an event follows (a mention of the bot, or a
   * message to it), resolves once the app acknowledged it or Slack gave up.
   */
  async say(channelIdOrName: string, text: string, threadTs?: string): Promise<Message> {
    const channel = this.#channel(channelIdOrName, true);
    const { faults } = this.#runtime;
    const root = threadTs ? this.#runtime.state.message(channel.id, threadTs) : undefined;
    if (threadTs && !root) throw new Error(`replying in ${channel.name}: there is no message ${threadTs}`);
    const written = this.#asTyped(text);
    const message = this.#runtime.state.addMessage({
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
    const { botUserId } = this.#runtime.state.directory;
    if (channel.kind === 'im') {
      if (faults.hasScope(EVENT_SCOPES['message.im']))
        await this.#emit(messageEvent(this.#runtime, 'message', channel, message));
    } else if (
      message.mentions.includes(botUserId) &&
      channel.members.includes(botUserId) &&
      faults.hasScope(EVENT_SCOPES.app_mention)
    ) {
      await this.#emit(messageEvent(this.#runtime, 'app_mention', channel, message));
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
      const payload = viewActionPayload(this.#runtime, this.#user, view, action, values);
      const ack = await this.#runtime.delivery.deliver('interactive', payload, null);
      return { outcome: ack.ok ? 'acked' : ack.error };
    }
    const message = this.sees(where.channel).find((other) => other.ts === where.ts);
    if (!message) throw new Error(`clicking: ${this.#user.name} does not see message ${where.ts}`);
    const channel = this.#channel(message.channel);
    const payload = messageActionPayload(this.#runtime, this.#user, channel, message, action, values);
    const ack = await this.#runtime.delivery.deliver('interactive', payload, null);
    if (ack.ok) return { outcome: 'acked' };
    this.#postFromSlackbot(channel, `m0 did not react to your click: "${ack.error}"`, message.threadTs);
    return { outcome: ack.error };
  }

  /** Submits a modal. `values` are keyed by action_id or block_id; missing ones keep their initial value. */
  submit(viewId: string, values: EnteredValues = {}): Promise<SubmitResult> {
    return submitView(this.#runtime, this.#user, this.#ownView(viewId), values);
  }

  /** Closes a modal. With clear_on_close or `all` also the modals below it. */
  async closeView(viewId: string, all = false): Promise<void> {
    const view = this.#ownView(viewId);
    const clear = all || view.clearOnClose;
    const closed = this.views.filter((other) => clear || other === view);
    this.#runtime.state.data.views = this.#runtime.state.data.views.filter(
      (other) => !closed.includes(other),
    );
    this.#runtime.state.changed();
    for (const one of closed.filter((other) => other.notifyOnClose)) {
      await this.#runtime.delivery.deliver(
        'interactive',
        closedPayload(this.#runtime, this.#user, one, clear),
        null,
      );
    }
  }

  /** Opens the app's Home tab, which notifies the app. */
  async openHome(): Promise<void> {
    const channel = this.#runtime.state.directMessage(this.#user.id).id;
    const event_ts = this.#runtime.state.nextTs();
    await this.#emit({ type: 'app_home_opened', user: this.#user.id, channel, event_ts, tab: 'home' });
  }

  /** Dismisses a message that only this person sees. */
  dismiss(message: Message): void {
    if (message.visibleTo === this.#user.id) this.#runtime.state.removeMessage(message);
  }

  /**
   * All messages of a channel that this person sees, oldest first, including replies and their own ephemeral
   * messages.
   */
  sees(channelIdOrName: string): Message[] {
    const channel = this.#channel(channelIdOrName);
    return this.#runtime.state.data.messages.filter(
      (m) => m.channel === channel.id && (m.visibleTo === null || m.visibleTo === this.#user.id),
    );
  }

  /** The open modals, the top one last. */
  get views(): View[] {
    return this.#runtime.state.data.views.filter((view) => view.user === this.#user.id);
  }

  /** This person's Home tab; null before the app published it. */
  get home(): View | null {
    return this.#runtime.state.data.homes.find((view) => view.user === this.#user.id) ?? null;
  }

  #channel(idOrName: string, writing = false): ChannelRecord {
    const bot = this.#runtime.state.user(this.#runtime.state.directory.botUserId);
    if (bot && idOrName === `@${bot.name}`) return this.#runtime.state.directMessage(this.#user.id);
    const channel = this.#runtime.state.channel(idOrName);
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

  /** A message from Slackbot that only this person sees. */
  #postFromSlackbot(channel: ChannelRecord, text: string, threadTs: string | null): Message {
    return this.#runtime.state.addMessage({
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

  /** Shows the text of an acknowledgement, if any. False where Slack would refuse it. */
  #showAck(channel: ChannelRecord, payload: unknown): boolean {
    const content = contentOf(payload);
    if (content.text === '' && content.blocks.length === 0) return true;
    const accepted = accept(this.#runtime, content);
    if (!accepted.ok) return false;
    const inChannel = (payload as Record<string, unknown>).response_type === 'in_channel';
    const visibleTo = inChannel ? null : this.#user.id;
    postAsBot(this.#runtime, accepted, { channel: channel.id, threadTs: null, visibleTo });
    return true;
  }

  /**
   * The text as Slack's client sends it: escaped, with `@name` and `#channel` of this workspace as
   * references.
   */
  #asTyped(text: string): string {
    const { users, usergroups } = this.#runtime.state.directory;
    const escaped = text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
    return escaped
      .replace(/(?<!\w)@([\w.-]*\w)/g, (typed, name: string) => {
        if (['here', 'channel', 'everyone'].includes(name)) return `<!${name}>`;
        const user = users.find((other) => other.name === name);
        const group = usergroups.find((other) => other.handle === name);
        return user ? `<@${user.id}>` : group ? `<!subteam^${group.id}>` : typed;
      })
      .replace(/(?<![\w&])#([\w-]+)/g, (typed, name: string) => {
        const channel = this.#runtime.state.channel(`#${name}`);
        return channel ? `<#${channel.id}>` : typed;
      });
  }

  async #emit(event: Record<string, unknown>): Promise<void> {
    const payload = eventPayload(this.#runtime, event);
    await deliverEvent(this.#runtime.delivery, payload);
  }
}

function isView(where: Message | View): where is View {
  return 'rootId' in where;
}

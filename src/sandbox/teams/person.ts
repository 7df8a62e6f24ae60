/** Acts as a person in the local Teams. */
import { randomUUID } from 'node:crypto';
import type { BotConnection } from './bot-connection.ts';
import { offeredIn } from './files.ts';
import type { Clicked, Json, TeamsMessage } from './model.ts';
import type { Organisation } from './organisation.ts';

/** Does what one person can do in Teams' own client. */
export class TeamsClient {
  readonly #organisation: Organisation;
  readonly #bot: BotConnection;
  readonly #me: string;
  readonly #driveUrl: string;

  /** `me` is the Entra object id; `driveUrl` is the address of the OneDrive. */
  constructor(organisation: Organisation, bot: BotConnection, me: string, driveUrl: string) {
    this.#organisation = organisation;
    this.#bot = bot;
    this.#me = me;
    this.#driveUrl = driveUrl;
  }

  /**
   * Writes a message; `@m0` in it is a mention. In a channel or group, a message without a mention does not
   * reach the bot. Rejects where the bot cannot be reached; the message stays in the conversation.
   */
  async say(conversation: string, text: string, thread: string | null = null): Promise<void> {
    const id = this.#write(conversation, text, thread, null);
    const mentioned = /(^|\s)@m0\b/.test(text);
    const kind = this.#organisation.kindOf(conversation);
    if (!mentioned && kind !== 'personal') return;
    const where = kind === 'channel' ? `${conversation};messageid=${thread ?? id}` : conversation;
    const escaped = text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
    const mention = { id: this.#organisation.botId, name: this.#bot.name };
    const tag = `<at>${this.#bot.name}</at>`;
    await this.#bot.deliver(
      this.#bot.activity(this.#me, where, {
        id,
        type: 'message',
        text: escaped.replace(/@m0\b ?/, `${tag}&nbsp;`),
        entities: mentioned ? [{ type: 'mention', text: tag, mentioned: mention }] : [],
      }),
    );
  }

  /** Sends a slash command, which nobody else sees. */
  async slash(conversation: string, text: string): Promise<void> {
    const id = this.#write(conversation, `/${text}`, null, `29:${this.#me}`);
    await this.#bot.deliver(
      this.#bot.activity(this.#me, conversation, {
        id,
        type: 'message',
        text,
        recipient: { id: this.#organisation.botId, isTargeted: true },
      }),
    );
  }

  /** Presses a button; `data` includes the inputs' values. */
  async press(
    message: TeamsMessage,
    action: { readonly title: unknown; readonly verb: unknown; readonly data: Json },
  ): Promise<Clicked> {
    const { conversation, thread, id } = message;
    const isChannel = this.#organisation.kindOf(conversation) === 'channel';
    const { status, body } = await this.#bot.deliver(
      this.#bot.activity(this.#me, isChannel ? `${conversation};messageid=${thread ?? id}` : conversation, {
        type: 'invoke',
        name: 'adaptiveCard/action',
        replyToId: id,
        value: { action: { type: 'Action.Execute', ...action }, trigger: 'manual' },
      }),
    );
    const answer = body?.value;
    return {
      status,
      bar: typeof answer === 'string' ? answer : null,
      card: typeof answer === 'object' && answer !== null ? (answer as Json) : null,
    };
  }

  /** Accepts the file that a message offers. Resolves to the HTTP status of the bot's answer. */
  async acceptFile(message: TeamsMessage): Promise<number> {
    const file = offeredIn(message);
    const id = randomUUID();
    this.#organisation.files[id] = { name: file.name, text: null };
    const address = `${this.#driveUrl}/${id}`;
    return this.#consent(message, {
      action: 'accept',
      context: file.accept,
      uploadInfo: {
        contentUrl: address,
        name: file.name,
        uploadUrl: address,
        uniqueId: id,
        fileType: file.name.split('.').at(-1) ?? '',
      },
    });
  }

  /** Declines the file that a message offers. Resolves to the HTTP status of the bot's answer. */
  declineFile(message: TeamsMessage): Promise<number> {
    return this.#consent(message, { action: 'decline', context: offeredIn(message).decline });
  }

  async #consent(message: TeamsMessage, answer: Json): Promise<number> {
    const { status } = await this.#bot.deliver(
      this.#bot.activity(this.#me, message.conversation, {
        type: 'invoke',
        name: 'fileConsent/invoke',
        replyToId: message.id,
        value: { type: 'fileUpload', ...answer },
      }),
    );
    return status;
  }

  #write(conversation: string, text: string, thread: string | null, visibleTo: string | null): string {
    return this.#organisation.add({
      id: this.#organisation.nextId(),
      conversation,
      thread,
      from: this.#me,
      visibleTo,
      card: null,
      summary: text,
    }).id;
  }
}

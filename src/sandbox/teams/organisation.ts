/** The state of the local Teams. */
import type {
  DriveFile,
  Json,
  Team,
  TeamsConversation,
  TeamsMessage,
  TeamsPerson,
  TeamsState,
} from './model.ts';

export interface OrganisationOptions {
  readonly appId: string;
  readonly tenantId: string;
  readonly teams: readonly Team[];
  readonly groupChats?: readonly { readonly id: string; readonly name: string }[];
  readonly people: readonly TeamsPerson[];
  /** Current time in ms since epoch. */
  readonly clock?: () => number;
  /** The result of an earlier `dump()`. */
  readonly state?: string | undefined;
}

/** One organisation with its teams, chats, people and messages. */
export class Organisation {
  readonly tenantId: string;
  /** The bot's id in Teams. */
  readonly botId: string;
  readonly teams: readonly Team[];
  readonly people: readonly TeamsPerson[];
  /** Teams (by id) and people (by Entra object id) that have m0's app. */
  readonly inTeams = new Set<string>();
  readonly installed: Set<string>;
  /** Whether clients support messages that only one person sees. */
  targeted = true;
  readonly now: () => number;
  readonly #groupChats: readonly { readonly id: string; readonly name: string }[];
  readonly #state: TeamsState;
  readonly #listeners = new Set<() => void>();
  #lastId: number;

  constructor(options: OrganisationOptions) {
    this.tenantId = options.tenantId;
    this.botId = `28:${options.appId}`;
    this.teams = options.teams;
    this.people = options.people;
    this.installed = new Set(options.people.map((p) => p.aadObjectId));
    this.now = options.clock ?? Date.now;
    this.#groupChats = options.groupChats ?? [];
    this.#state = options.state === undefined ? empty() : parseState(options.state);
    this.#lastId = Math.max(0, ...this.#state.messages.map((m) => Number(m.id)));
  }

  get messages(): readonly TeamsMessage[] {
    return this.#state.messages;
  }

  /** Teams uses the time as message id; two messages in the same ms get consecutive numbers. */
  nextId(): string {
    this.#lastId = Math.max(this.#lastId + 1, this.now());
    return String(this.#lastId);
  }

  add(message: Omit<TeamsMessage, 'sentAt' | 'editedAt'>): TeamsMessage {
    const added: TeamsMessage = { ...message, sentAt: this.now(), editedAt: null };
    this.#state.messages.push(added);
    this.changed();
    return added;
  }

  edit(message: TeamsMessage, to: Pick<TeamsMessage, 'card' | 'file' | 'summary'>): void {
    Object.assign(message, to, { editedAt: this.now() });
    this.changed();
  }

  remove(message: TeamsMessage): void {
    this.#state.messages.splice(this.#state.messages.indexOf(message), 1);
    this.changed();
  }

  /** Files in people's OneDrives, by id. */
  get files(): Record<string, DriveFile> {
    this.#state.files ??= {};
    return this.#state.files;
  }

  teamOf(channel: string): Team | undefined {
    return this.teams.find((team) => team.channels.some((c) => c.id === channel));
  }

  /** The chat between a person and the bot; opened if needed. */
  chatOf(aadObjectId: string): string {
    this.#state.personal[aadObjectId] ??= `a:${aadObjectId}`;
    return this.#state.personal[aadObjectId];
  }

  personIn(chat: string): string | undefined {
    return Object.entries(this.#state.personal).find(([, id]) => id === chat)?.[0];
  }

  isGroupChat(id: string): boolean {
    return this.#groupChats.some((chat) => chat.id === id);
  }

  kindOf(conversation: string): TeamsConversation['kind'] {
    if (this.teamOf(conversation)) return 'channel';
    return conversation.startsWith('a:') ? 'personal' : 'groupChat';
  }

  /** The conversations of a person; their chat with the bot comes last. */
  conversationsOf(aadObjectId: string, botName: string): readonly TeamsConversation[] {
    return [
      ...this.teams.flatMap((team) => team.channels.map((c) => ({ ...c, kind: 'channel' as const }))),
      ...this.#groupChats.map((chat) => ({ ...chat, kind: 'groupChat' as const })),
      { id: this.chatOf(aadObjectId), name: botName, kind: 'personal' },
    ];
  }

  /** The messages that a person sees in a conversation, oldest first. */
  seenBy(aadObjectId: string, conversation: string): readonly TeamsMessage[] {
    return this.messages.filter(
      (m) => m.conversation === conversation && (m.visibleTo === null || m.visibleTo === `29:${aadObjectId}`),
    );
  }

  /** Calls `listener` after each change, until the returned function is called. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  changed(): void {
    for (const listener of [...this.#listeners]) listener();
  }

  dump(): string {
    return JSON.stringify(this.#state);
  }
}

const empty = (): TeamsState => ({ version: 1, messages: [], personal: {} });

function parseState(dumped: string): TeamsState {
  const state = JSON.parse(dumped) as TeamsState;
  if (state.version !== 1)
    throw new Error(`restoring the local Teams: unknown version ${String(state.version)}`);
  return state;
}

/** The card in a bot's activity; null where it has none. */
export function cardOf(body: Json): Json | null {
  const [attachment] = (body.attachments ?? []) as readonly Json[];
  if (attachment?.contentType !== 'application/vnd.microsoft.card.adaptive') return null;
  return attachment.content as Json;
}

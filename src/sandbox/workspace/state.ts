/** The state of the local workspace. */
import type {
  ChannelRecord,
  FileRecord,
  Message,
  ResponseUrlRecord,
  Usergroup,
  View,
  WorkspaceState,
  WorkspaceUser,
} from './model.ts';

/** The workspace's people, user groups and ids. */
export interface Directory {
  readonly teamId: string;
  readonly botUserId: string;
  readonly botId: string;
  readonly appId: string;
  readonly users: readonly WorkspaceUser[];
  readonly usergroups: readonly Usergroup[];
}

/** The chat in memory. Each change calls `changed()`, which notifies all listeners. */
export class ChatState {
  readonly directory: Directory;
  readonly data: WorkspaceState;
  readonly now: () => number;
  readonly #listeners = new Set<() => void>();

  constructor(directory: Directory, now: () => number, data: WorkspaceState | null) {
    this.directory = directory;
    this.now = now;
    this.data = data ?? emptyState();
  }

  /** Calls `listener` after each change, until the returned function is called. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  changed(): void {
    for (const listener of [...this.#listeners]) listener();
  }

  /** A new id such as `C0000012`, unique across restarts. */
  nextId(prefix: string): string {
    this.data.seq += 1;
    return `${prefix}${this.data.seq.toString(36).toUpperCase().padStart(8, '0')}`;
  }

  /** A new message timestamp as in Slack (`seconds.microseconds`), later than all earlier ones. */
  nextTs(): string {
    this.data.lastTs = Math.max(this.now() * 1000, this.data.lastTs + 1);
    const seconds = Math.floor(this.data.lastTs / 1_000_000);
    return `${seconds}.${String(this.data.lastTs % 1_000_000).padStart(6, '0')}`;
  }

  user(id: string): WorkspaceUser | undefined {
    return this.directory.users.find((user) => user.id === id);
  }

  /** By id, name or `#name`. */
  channel(idOrName: string): ChannelRecord | undefined {
    const name = idOrName.replace(/^#/, '');
    return (
      this.data.channels.find((channel) => channel.id === idOrName) ??
      this.data.channels.find((channel) => channel.kind === 'channel' && channel.name === name)
    );
  }

  /** The direct messages between a person and the app's bot; opened if needed. */
  directMessage(user: string): ChannelRecord {
    const open = this.data.channels.find((channel) => channel.kind === 'im' && channel.name === user);
    if (open) return open;
    const channel: ChannelRecord = {
      id: this.nextId('D'),
      name: user,
      kind: 'im',
      members: [user, this.directory.botUserId],
    };
    this.data.channels.push(channel);
    this.changed();
    return channel;
  }

  addMessage(draft: Omit<Message, 'ts' | 'editedTs'>): Message {
    const message: Message = { ...draft, ts: this.nextTs(), editedTs: null };
    this.data.messages.push(message);
    this.changed();
    return message;
  }

  editMessage(
    message: Message,
    change: Partial<Pick<Message, 'text' | 'blocks' | 'metadata' | 'mentions' | 'links'>>,
  ): void {
    Object.assign(message, change, { editedTs: this.nextTs() });
    this.changed();
  }

  removeMessage(message: Message): void {
    this.data.messages = this.data.messages.filter((other) => other !== message);
    this.changed();
  }

  message(channel: string, ts: string): Message | undefined {
    return this.data.messages.find((message) => message.channel === channel && message.ts === ts);
  }

  /** All messages of a channel that everybody sees, oldest first, including replies. */
  messagesIn(channel: string): Message[] {
    return this.data.messages.filter((message) => message.channel === channel && message.visibleTo === null);
  }

  view(id: string): View | undefined {
    return [...this.data.views, ...this.data.homes].find((view) => view.id === id);
  }

  file(id: string): FileRecord | undefined {
    return this.data.files.find((file) => file.id === id);
  }

  addResponseUrl(draft: Omit<ResponseUrlRecord, 'id' | 'issuedAt' | 'uses'>): ResponseUrlRecord {
    // Anybody who knows the URL may answer, so it must not be guessable.
    const record = { ...draft, id: crypto.randomUUID(), issuedAt: this.now(), uses: 0 };
    this.data.responseUrls.push(record);
    return record;
  }
}

function emptyState(): WorkspaceState {
  return {
    version: 1,
    seq: 0,
    lastTs: 0,
    channels: [],
    messages: [],
    views: [],
    homes: [],
    files: [],
    responseUrls: [],
  };
}

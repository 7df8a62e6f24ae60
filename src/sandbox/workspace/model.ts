/** The data of the local workspace: plain JSON, so that it can be saved and restored. */

/** A Block Kit object from the app, checked before it is stored. */
export interface Block {
  readonly type: string;
  readonly block_id?: string;
  readonly [field: string]: unknown;
}

export interface WorkspaceUser {
  readonly id: string;
  /** The handle, as in `@dana`. */
  readonly name: string;
  readonly realName: string;
  readonly email: string;
  /** A description such as `on call`, shown where the user chooses the person to act as. */
  readonly title?: string;
  /** A special account: a guest, deactivated, of another workspace, or with an unconfirmed e-mail. */
  readonly account?: 'guest' | 'deactivated' | 'stranger' | 'unconfirmed';
}

export interface Usergroup {
  readonly id: string;
  readonly handle: string;
  readonly name: string;
  readonly users: readonly string[];
}

export interface ChannelRecord {
  readonly id: string;
  /** Without `#`; for a direct message the person's id. */
  readonly name: string;
  readonly kind: 'channel' | 'im';
  members: string[];
  /** Only its members know it. */
  readonly isPrivate?: boolean;
  /** Nothing can be posted or changed in it any more. */
  isArchived?: boolean;
}

export interface Message {
  readonly ts: string;
  readonly channel: string;
  /** The author: a person, the app's bot user or Slackbot. */
  readonly user: string;
  text: string;
  blocks: Block[];
  /** The root's ts for a reply; null for a message in the channel itself. */
  readonly threadTs: string | null;
  /** A reply that is also shown in the channel. */
  readonly alsoInChannel: boolean;
  /** The only person who sees the message; null: everybody. */
  readonly visibleTo: string | null;
  /** ts of the last edit; null if never. */
  editedTs: string | null;
  metadata: { event_type: string; event_payload: unknown } | null;
  files: string[];
  /** Whom the message notifies: user ids, user group ids, `!here`, `!channel`, `!everyone`. */
  mentions: string[];
  /** All links: URLs (explicit or recognised in mrkdwn) and channel references `#C…`. */
  links: string[];
}

export interface View {
  readonly id: string;
  readonly type: 'modal' | 'home';
  readonly user: string;
  readonly rootId: string;
  readonly previousId: string | null;
  hash: string;
  callbackId: string;
  externalId: string;
  privateMetadata: string;
  title: string;
  submit: string | null;
  close: string | null;
  clearOnClose: boolean;
  notifyOnClose: boolean;
  blocks: Block[];
}

export interface FileRecord {
  readonly id: string;
  readonly name: string;
  title: string;
  readonly size: number;
  /** base64; null until it has been uploaded. */
  content: string | null;
  shared: boolean;
  /** The upload was completed: nothing can be uploaded to it any more. */
  completed: boolean;
}

/** A response URL of one interaction: five uses in 30 minutes, as in Slack. */
export interface ResponseUrlRecord {
  readonly id: string;
  readonly user: string;
  readonly channel: string;
  /** The clicked message; null for a slash command. */
  readonly messageTs: string | null;
  readonly issuedAt: number;
  uses: number;
}

export interface WorkspaceState {
  readonly version: 1;
  /** Last sequence number, so that ids are unique across restarts. */
  seq: number;
  /** Microseconds of the newest ts. */
  lastTs: number;
  channels: ChannelRecord[];
  messages: Message[];
  /** Open modals, oldest first; a person's last one is on top. */
  views: View[];
  homes: View[];
  files: FileRecord[];
  responseUrls: ResponseUrlRecord[];
}

export const SLACKBOT = 'USLACKBOT';

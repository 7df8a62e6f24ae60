/** What the local workspace holds. All of it is plain JSON, so that it can be dumped and restored. */

/** A Block Kit object as the app sent it, checked before it is stored. */
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
  /** What they do, such as `on call`; shown where the page lets one choose whom to be. */
  readonly title?: string;
  /** What is special about the account: a guest, switched off, of another workspace, an e-mail never confirmed. */
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
  /** Nobody but its members knows of it. */
  readonly isPrivate?: boolean;
  /** Nothing can be said or changed in it any more. */
  isArchived?: boolean;
}

export interface Message {
  readonly ts: string;
  readonly channel: string;
  /** Who wrote it: a person, the app's bot user or Slackbot. */
  readonly user: string;
  text: string;
  blocks: Block[];
  /** The root's ts for a reply, null for a message in the channel itself. */
  readonly threadTs: string | null;
  /** A reply that is shown in the channel too. */
  readonly alsoInChannel: boolean;
  /** Set for a message that only this person sees. */
  readonly visibleTo: string | null;
  /** When it was last edited (ts), null if never. */
  editedTs: string | null;
  metadata: { event_type: string; event_payload: unknown } | null;
  files: string[];
  /** Whom this message pings: user ids, user group ids, `!here`, `!channel`, `!everyone`. */
  mentions: string[];
  /** Every live link: URLs (written out or recognised in mrkdwn) and `#C…` channel references. */
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
}

/** Where answers to one interaction may go: five uses in 30 minutes, as Slack gives. */
export interface ResponseUrlRecord {
  readonly id: string;
  readonly user: string;
  readonly channel: string;
  /** The message that was clicked, null for a slash command. */
  readonly messageTs: string | null;
  readonly issuedAt: number;
  uses: number;
}

export interface WorkspaceState {
  readonly version: 1;
  /** Last sequence number handed out, so that ids stay unique across restarts. */
  seq: number;
  /** Microseconds of the newest ts. */
  lastTs: number;
  channels: ChannelRecord[];
  messages: Message[];
  /** Open modals, oldest first; the last one of a person is on top. */
  views: View[];
  homes: View[];
  files: FileRecord[];
  responseUrls: ResponseUrlRecord[];
}

export const SLACKBOT = 'USLACKBOT';

import type { Platform } from '../model/directory.ts';

/** Takes each incoming event of a chat once, also over restarts. */
export interface SeenEvents {
  /**
   * True for the first call with this key of the platform; false for every other within a week of `now` (ms since
   * epoch).
   */
  isNewEvent(platform: Platform, key: string, now: number): Promise<boolean>;
}

/** A command that was taken in and not carried out, because m0 ended before. */
export interface LeftCommand {
  readonly key: string;
  /** JSON, as the chat's adapter wrote it. */
  readonly payload: string;
  /** How many starts have tried to carry it out, this one included. */
  readonly attempts: number;
}

/**
 * Keeps what a chat was told is taken in until it is carried out, as the outbox keeps what is sent. `payload` is JSON of
 * the adapter's own; it holds no secret.
 */
export interface ChatInbox extends SeenEvents {
  /** As `isNewEvent`; a new one is kept in the same transaction. Acknowledge after it. */
  takeIn(platform: Platform, key: string, payload: string, now: number): Promise<boolean>;
  /** Keeps what is carried out already, and takes longer than its chat waits. */
  keepIn(platform: Platform, key: string, payload: string, now: number): Promise<void>;
  /** It has been carried out: nothing is kept any more. A missing one is no error. */
  carriedOut(platform: Platform, key: string): Promise<void>;
  /** What processes that are gone have left, oldest first; it is this process's from now on. Counts one attempt of each. */
  leftIn(platform: Platform): Promise<readonly LeftCommand[]>;
}

/** A conversation of Teams that m0 was met in. */
export interface TeamsConversation {
  readonly id: string;
  readonly kind: 'personal' | 'groupChat' | 'channel';
  /** Where the Bot Connector takes messages for it. */
  readonly serviceUrl: string;
  /** Who m0 is there. */
  readonly botId: string;
  readonly tenantId: string | null;
  /** True: Teams said that m0 is there no more. */
  readonly gone: boolean;
}

/** A team of Teams that m0 is in. */
export interface TeamsTeam {
  readonly serviceUrl: string;
  readonly channels: readonly string[];
  /** False until Teams has told all of its channels. */
  readonly listed: boolean;
}

/** What m0 remembers of its own messages and of people in Teams. */
export type TeamsNoteKind = 'posted' | 'whisper' | 'file-offer' | 'file-answer' | 'greeted' | 'form';

export interface TeamsNote {
  readonly kind: TeamsNoteKind;
  readonly key: string;
  readonly value: string;
  /** ms since epoch. Of each kind the newest few thousand are kept. */
  readonly at: number;
}

export interface TeamsStore {
  teamsConversation(id: string): Promise<TeamsConversation | undefined>;
  setTeamsConversation(conversation: TeamsConversation): Promise<void>;
  /** The conversation of the person's chat with m0. */
  teamsPersonal(user: string): Promise<string | undefined>;
  /** Null: there is none any more. */
  setTeamsPersonal(user: string, conversation: string | null): Promise<void>;
  teamsTeam(id: string): Promise<TeamsTeam | undefined>;
  /**
   * Adds channels to a team, made where it is new. `listed` left out: as it was, true for a new one. Where the
   * service of the team has moved, so have its conversations. At most 1,000 channels are kept, as Teams has no more.
   */
  addTeamsChannels(
    team: string,
    where: Pick<TeamsTeam, 'serviceUrl' | 'channels'> & { readonly listed?: boolean | undefined },
  ): Promise<void>;
  teamsNote(kind: TeamsNoteKind, key: string): Promise<string | undefined>;
  setTeamsNote(note: TeamsNote): Promise<void>;
  /** False, and nothing is stored, where there is a note of that kind and key. */
  addTeamsNote(note: TeamsNote): Promise<boolean>;
}

/** What putting drift into the code needs. */
import type { Logger } from '../base/log.ts';
import type { Clock, Directory, Platform } from '../model/directory.ts';
import type { OnCallNow } from '../people/permissions.ts';
import type { ChatPort } from '../ports/chat.ts';
import type { CodeChanges } from '../ports/code-changes.ts';
import type { Forge } from '../ports/forge.ts';
import type { CodePort, Runner } from '../ports/runner.ts';
import type { Store } from '../ports/store.ts';
import type { Worker } from '../runs/worker-parts.ts';
import type { editCode } from './edit/edit-code.ts';

export interface CodifyParts {
  readonly store: Store;
  readonly worker: Pick<Worker, 'check' | 'submit' | 'write'>;
  readonly runner: Pick<Runner, 'plan' | 'discard' | 'lastPlan'> & CodePort;
  readonly code: CodeChanges;
  /** Null: m0 writes to no repository, so it gives the patch in chat. */
  readonly forge: Forge | null;
  readonly edit: typeof editCode;
  /** Key of the hashes of what m0.yaml says. */
  readonly key: string;
  readonly directory: Directory;
  readonly onCall: () => Promise<OnCallNow>;
  /** Make the links to cards. */
  readonly chats: ReadonlyMap<Platform, ChatPort>;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Port for what a cloud's log knows of who changed a resource. */
import type { CauseEvent } from '../model/cause.ts';
import type { CauseIdentity } from '../model/cloud-roles.ts';
import type { Stack } from '../model/directory.ts';
import type { OpenAccess } from './cloud-access.ts';

/** One attribute of the finding, as far as the log can name it. */
export interface AskedAttribute {
  /** As in a finding: `tags.Owner`, `ingress[*]`. */
  readonly path: string;
  /** The text and number leaves of what was and of what is in the cloud, without secrets, to tell two events apart. */
  readonly values: readonly string[];
}

/** Who changed this resource, between these times (ms since epoch)? */
export interface CauseQuestion {
  readonly stack: Stack;
  readonly address: string;
  /** The type of the resource in Terraform. */
  readonly type: string;
  /** What the cloud may call the resource, the most exact first: its ARN or path, its id, its name. */
  readonly names: readonly string[];
  readonly attributes: readonly AskedAttribute[];
  /** True if the resource is gone. */
  readonly deleted: boolean;
  /** The last look at which it was still right, and the look that found it. */
  readonly from: number;
  readonly to: number;
  /** m0's own applies of the stack. */
  readonly applies: readonly OwnApply[];
}

/**
 * An apply of m0's. Events that carry its mark within these times (ms since epoch) are m0's own; at any other time
 * anybody may have sent them.
 */
export interface OwnApply {
  readonly mark: string;
  readonly from: number;
  readonly to: number;
}

/**
 * A log of a cloud. What it answers is graded: an event of the resource is no proof of an attribute. Events of m0's own
 * sessions, failed requests and requests that only read are left out.
 */
export interface CauseSource {
  /** The log's name in words, for cards. */
  readonly name: string;
  /** True if the stack's settings let this log be asked. */
  asks(stack: Stack): boolean;
  /**
   * Rejects with an Error that says what was asked, and why it could not be. No secrets in it. `together`: all questions
   * that are asked about the stack now, this one among them. A log that costs by the query asks about them at once.
   */
  ask(question: CauseQuestion, together: readonly CauseQuestion[]): Promise<readonly CauseEvent[]>;
}

/** Opens the identity that may read the log, and nothing else. */
export interface CauseAccess {
  /** Rejects with an Error that names the role, who m0 is, and what to do. */
  open(stack: Pick<Stack, 'name' | 'env'>, identity: CauseIdentity): Promise<OpenAccess>;
}

/** The arguments of `m0 serve`: what this process does, where several share the work. */
import { NO_LABEL } from '../model/worker-label.ts';

export interface ServeRoles {
  /** True: it owns the database, and has the schedule, the watches and the messages. False: a replica of the bot. */
  readonly isOwner: boolean;
  readonly takesCommands: boolean;
  /** The labels of the work that it does itself. */
  readonly labels: readonly string[];
}

const ROLES = ['bot', 'scheduler', 'worker'] as const;
const HOW =
  'write --roles bot,scheduler,worker (what it is without the option), bot,scheduler, scheduler,worker, scheduler or bot';

/** What the arguments say, or what is wrong with them. */
export function serveRoles(args: readonly string[]): ServeRoles | string {
  const [option, given, ...more] = args;
  if (option !== undefined && (option !== '--roles' || given === undefined || more.length > 0)) {
    return `it takes only --roles: ${HOW}`;
  }
  const roles = given === undefined ? [...ROLES] : given.split(',').map((role) => role.trim());
  const unknown = roles.find((role) => !(ROLES as readonly string[]).includes(role));
  if (unknown !== undefined) return `there is no role "${unknown}": ${HOW}`;
  const [takesCommands, isOwner, works] = ROLES.map((role) => roles.includes(role)) as [
    boolean,
    boolean,
    boolean,
  ];
  if (isOwner) return { isOwner, takesCommands, labels: works ? [NO_LABEL] : [] };
  if (works) return `a process with the role worker and without scheduler is started with m0 worker: ${HOW}`;
  return { isOwner, takesCommands, labels: [] };
}

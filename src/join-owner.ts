/** What a worker and a replica of the bot have in common: processes beside the m0 that owns the database. */
import { type Closers, createClosers } from './base/closers.ts';
import type { Logger } from './base/log.ts';
import { ConfigError } from './config/config-error.ts';
import type { ConfigReader } from './config/config-source.ts';
import type { Environment, Variables } from './config/environment.ts';
import type { SharedWork } from './ports/shared-work.ts';
import { jobOf } from './runs/work-order.ts';
import type { Tools } from './setup/tools.ts';
import type { AuditedStore } from './store/audited-store.ts';
import { isPostgres, openStore } from './store/open.ts';

export interface BesideOptions {
  readonly reader: ConfigReader;
  readonly environment: Environment;
  readonly tools: Tools;
  /** Environment variables. Tools get some of them. */
  readonly base: Variables;
  readonly log: Logger;
}

/** A process beside the owner. */
export interface Beside {
  /** Resolves when it gave no sign of life for too long, so that its work was given away. Then call `close`. */
  readonly lost: Promise<string>;
  /** Takes no new work, finishes applies that have begun, and closes everything. Never rejects. */
  close(): Promise<void>;
}

/** What `start` gets to start its parts with. */
export interface Joined {
  readonly store: AuditedStore;
  readonly shared: SharedWork;
  readonly closers: Pick<Closers, 'push'>;
}

/**
 * Enters the process in the database with these labels and starts its parts. If one can't start, closes everything again
 * and rejects; with a ConfigError if the database can have only one process.
 */
export async function joinOwner<T extends object>(
  { environment, log }: Pick<BesideOptions, 'environment' | 'log'>,
  labels: readonly string[],
  start: (joined: Joined) => Promise<T>,
): Promise<T & Beside> {
  if (!isPostgres(environment.databaseUrl)) {
    throw new ConfigError([
      'M0_DATABASE_URL: several processes need a PostgreSQL database: set it to the postgres://… of m0 serve',
    ]);
  }
  const closers = createClosers(log);
  const lost = Promise.withResolvers<string>();
  try {
    const store = await openStore({
      ...{ url: environment.databaseUrl, log, jobOf },
      worker: {
        labels,
        onLost() {
          log.error('this process gave no sign of life for too long: its work was given away, and it stops');
          lost.resolve('this process gave no sign of life for too long, and its work was given away');
        },
      },
    });
    closers.push(() => store.close());
    const { shared } = store;
    if (shared === null) throw new Error('joining the owner of the database: it shares no work');
    const started = await start({ store, shared, closers });
    return { ...started, lost: lost.promise, close: closers.closeAll };
  } catch (error) {
    await closers.closeAll();
    throw error;
  }
}

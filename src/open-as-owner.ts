/** Opens the database as its owner. While m0 waits for it, the HTTP server already answers liveness probes. */
import type { Closers } from './base/closers.ts';
import type { Logger } from './base/log.ts';
import type { Environment } from './config/environment.ts';
import { type HttpServer, startHttp } from './http/server.ts';
import { jobOf } from './runs/work-order.ts';
import type { AuditedStore } from './store/audited-store.ts';
import { openStore } from './store/open.ts';

export interface OwnerOptions {
  readonly environment: Environment;
  readonly log: Logger;
  /** Ends the wait for the owner of the database. */
  readonly stop?: AbortSignal;
}

export interface Owned {
  readonly store: AuditedStore;
  /** Says that m0 is starting, until it gets something else to serve. */
  readonly http: HttpServer;
  /** Resolves when another process has taken over the database. */
  readonly lost: Promise<string>;
}

/** Opens the database and the HTTP server, which `closers` close. Rejects if one of them can't be opened. */
export async function openAsOwner(
  { environment, log, stop }: OwnerOptions,
  closers: Pick<Closers, 'push'>,
): Promise<Owned> {
  const lost = Promise.withResolvers<string>();
  let waitingReason = '';
  let http: HttpServer | null = null;
  const listen = async (): Promise<HttpServer> => {
    http ??= await startHttp({
      ...{ host: environment.host, port: environment.port, log, routes: null },
      ready: async () => ({
        ok: false,
        problems: [{ part: 'm0', problem: `is starting${waitingReason}` }],
      }),
      metrics: async () => '',
    });
    return http;
  };
  closers.push(async () => http?.close());
  const store = await openStore({
    url: environment.databaseUrl,
    log,
    jobOf,
    owner: {
      wait: environment.waitForOwner,
      ...(stop === undefined ? {} : { signal: stop }),
      async onWaiting({ host, pid, since }) {
        const about = { host, pid, since: new Date(since).toISOString() };
        waitingReason = `: it waits for the m0 on ${host} (process ${pid}), which owns the database since ${about.since}`;
        log.warn(about, 'waiting for the m0 that owns the database');
        await listen();
      },
      onLost() {
        log.error('another m0 has taken over the database: this one stops');
        lost.resolve('another m0 has taken over');
      },
    },
  });
  closers.push(() => store.close());
  return { store, http: await listen(), lost: lost.promise };
}

/** Notices from process to process by LISTEN and NOTIFY: which runs a transaction has moved. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'drizzle-orm';
import type pg from 'pg';
import { z } from 'zod';
import { errorText } from '../../../base/error-text.ts';
import type { Logger } from '../../../base/log.ts';
import type { WorkReport } from '../../../ports/shared-work.ts';
import type { Queries } from '../../access.ts';
import { newClient } from '../client.ts';

const CHANNEL = 'm0_changes';
const REPORTS = 'm0_reports';
/** How many numbers of runs fit: a notice of PostgreSQL has at most 8,000 bytes. */
const MOST_RUNS = 500;
const RECONNECT_MS = 1_000;
/** How often the connection is tried: one that a firewall has dropped says nothing. */
const ALIVE_MS = 10_000;

/** `runs`: null if they are too many. `by`: the process that has moved them. */
const notice = z.object({ by: z.string(), runs: z.array(z.number()).nullable() });

export type NoticeListener = (runs: readonly number[] | null, isOwn: boolean) => void;

export interface Notices {
  /** Tells the other processes at the commit of the transaction; nothing if it is rolled back. */
  send(tx: Queries, runs: readonly number[]): Promise<void>;
  /** Calls the listener with each notice; `isOwn`: this process has sent it. See SharedWork. */
  onChange(listener: NoticeListener): () => void;
  /** See SharedWork. */
  report(report: WorkReport): void;
  onReport(listener: (report: WorkReport) => void): () => void;
  close(): Promise<void>;
}

/** Listens on a connection of its own, and connects again when it is lost. */
export function openNotices(url: string, log: Logger): Notices {
  const self = randomUUID();
  const listeners = new Set<NoticeListener>();
  const reportListeners = new Set<(report: WorkReport) => void>();
  const closing = new AbortController();
  let client: pg.Client | null = null;
  let isTold = false;

  function tell(runs: readonly number[] | null, isOwn: boolean): void {
    for (const listener of listeners) listener(runs, isOwn);
  }

  function hear(payload: string | undefined): void {
    const { by, runs } = notice.parse(JSON.parse(payload ?? ''));
    tell(runs, by === self);
  }

  function hearReport(payload: string | undefined): void {
    const { by, report } = JSON.parse(payload ?? '') as { by: string; report: WorkReport };
    if (by !== self) for (const listener of reportListeners) listener(report);
  }

  /** Resolves when the connection is lost. Rejects if it can't be made. */
  async function listen(): Promise<void> {
    const lost = Promise.withResolvers<void>();
    const fresh = newClient(url);
    fresh.on('error', () => lost.resolve());
    fresh.on('end', () => lost.resolve());
    // `close` may be called before there is a connection.
    closing.signal.addEventListener('abort', () => lost.resolve(), { once: true });
    fresh.on('notification', ({ channel, payload }) => {
      if (channel === CHANNEL) hear(payload);
      else hearReport(payload);
    });
    const timer = setInterval(() => {
      fresh.query('SELECT 1').catch(() => lost.resolve());
    }, ALIVE_MS);
    try {
      await fresh.connect();
      client = fresh;
      await fresh.query(`LISTEN ${CHANNEL}; LISTEN ${REPORTS}`);
      isTold = false;
      // What others have stored while nobody listened.
      tell(null, false);
      await lost.promise;
    } finally {
      clearInterval(timer);
      client = null;
      await fresh.end().catch(() => {});
    }
  }

  async function listenOn(): Promise<void> {
    while (!closing.signal.aborted) {
      await listen().catch((error: unknown) => {
        if (closing.signal.aborted || isTold) return;
        isTold = true;
        log.warn({ problem: errorText(error) }, 'notices of other processes are not heard; trying again');
      });
      await sleep(RECONNECT_MS, undefined, { signal: closing.signal }).catch(() => {});
    }
  }

  const listening = listenOn();
  return {
    async send(tx, runs) {
      const text = JSON.stringify({ by: self, runs: runs.length > MOST_RUNS ? null : runs });
      await tx.rows(sql`SELECT pg_notify(${CHANNEL}, ${text})`);
    },
    report(report) {
      // Nothing depends on it, so nothing is done about one that gets lost.
      client
        ?.query('SELECT pg_notify($1, $2)', [REPORTS, JSON.stringify({ by: self, report })])
        .catch((error: unknown) => log.debug({ problem: errorText(error) }, 'a report was lost'));
    },
    onReport(listener) {
      reportListeners.add(listener);
      return () => reportListeners.delete(listener);
    },
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async close() {
      closing.abort();
      await client?.end();
      await listening;
    },
  };
}

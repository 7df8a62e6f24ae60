/** Starts m0's real HTTP endpoints (/metrics and /readyz) for the core of a test. */

import { createReadiness, type ReadinessParts } from '../../src/http/readiness.ts';
import { startHttp } from '../../src/http/server.ts';
import { createMetrics, type MetricsParts } from '../../src/metrics/metrics.ts';
import { NO_LABEL } from '../../src/model/worker-label.ts';
import { lastTicks } from '../../src/schedule/last-ticks.ts';
import type { Core } from './core.ts';
import { type Exposition, readExposition } from './exposition.ts';

export interface HttpEndpoints {
  readonly url: string;
  scrape(): Promise<Exposition>;
  /** Status and body of /readyz; `problems` maps each part to its problems, joined by ` | `. */
  ready(): Promise<{ readonly status: number; readonly problems: Readonly<Record<string, string>> }>;
  close(): Promise<void>;
}

type Change = Partial<Omit<ReadinessParts, 'store'>> & Partial<Pick<MetricsParts, 'timeLimitMs'>>;

/** Starts the endpoints and restarts the core with their metrics port. Without `change` m0 reports no problem. */
export async function startEndpoints(core: Core, change: Change = {}): Promise<HttpEndpoints> {
  const { store, directory, log } = core;
  const clock = (): number => core.now;
  const chats = change.chats ?? (() => [{ platform: 'slack' as const, ok: true, problem: null }]);
  const build = { version: '0.1.0', node: process.versions.node };
  const timeLimit = change.timeLimitMs === undefined ? {} : { timeLimitMs: change.timeLimitMs };
  const metrics = createMetrics({ store, directory, clock, lastTicks, log, chats, build, ...timeLimit });
  const ready = createReadiness({
    ...{ store, directory, clock, chats },
    tools: { terraform: process.execPath, tofu: null, terragrunt: null, opa: process.execPath },
    database: 'SQLite',
    folders: [],
    leftTools: async () => [],
    workers: async () => [{ labels: [NO_LABEL] }],
    refusedWork: () => [],
    schedules: () => [],
    failedFetches: () => [],
    rotationProblems: () => [],
    ...change,
  });
  core.meter = metrics.meter;
  await core.restart();
  const http = await startHttp({ host: '127.0.0.1', port: 0, ready, metrics: () => metrics.text(), log });
  return {
    url: http.url,
    async scrape() {
      const response = await fetch(`${http.url}/metrics`);
      if (response.status !== 200) throw new Error(`/metrics answers ${response.status}`);
      return readExposition(await response.text());
    },
    async ready() {
      const response = await fetch(`${http.url}/readyz`);
      const body = (await response.json()) as {
        ok: boolean;
        problems: readonly { part: string; problem: string }[];
      };
      if (body.ok !== (response.status === 200)) throw new Error(`ok ${body.ok} with ${response.status}`);
      const byPart = Map.groupBy(body.problems, (p) => p.part);
      const problems = Object.fromEntries(
        [...byPart].map(([part, those]) => [part, those.map((p) => p.problem).join(' | ')]),
      );
      return { status: response.status, problems };
    },
    close: () => http.close(),
  };
}

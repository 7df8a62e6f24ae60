/** Everything at `/metrics`: the current state, counters since the start, and the process itself. */
import { collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import { policySources } from '../alerts/policy-alerts.ts';
import { errorText } from '../base/error-text.ts';
import type { Logger } from '../base/log.ts';
import { withTimeout } from '../base/timely.ts';
import type { Clock, Directory, Platform } from '../model/directory.ts';
import type { LastTicks } from '../model/overview.ts';
import type { MetricsPort } from '../ports/meter.ts';
import type { Store } from '../ports/store.ts';
import { storeUnavailable } from '../ports/store-error.ts';
import { createMeter } from './counters.ts';
import { watchEventLoop } from './event-loop.ts';
import { gaugesText } from './gauges.ts';

export interface MetricsParts {
  readonly store: Pick<Store, 'overview' | 'probe'>;
  readonly directory: Directory;
  readonly clock: Clock;
  /** When schedules fired last, which tells what is checked recently enough. */
  readonly lastTicks: LastTicks;
  readonly log: Logger;
  /** Whether m0 can receive from and post to each chat. */
  readonly chats: () => readonly { readonly platform: Platform; readonly ok: boolean }[];
  /**
   * Why m0 does not use m0.yaml as it is written now (null: it does), and since when it uses its text (ms since epoch).
   * Left out, or null: m0.yaml is not read anew.
   */
  readonly config?: () => { readonly problem: string | null; readonly since: number } | null;
  /** Labels of `m0_build_info`: the versions of m0 and its tools. */
  readonly build: Readonly<Record<string, string>>;
  /** Time limit for the store in ms; default 5 s, well below Prometheus' own. */
  readonly timeLimitMs?: number;
}

export interface Metrics {
  readonly meter: MetricsPort;
  /**
   * All metrics in Prometheus' text format. Where the store can't be read or takes too long, only the others. Then, and
   * where it can't be written, with `m0_store_up 0`, and the error in a comment and in the log.
   */
  text(): Promise<string>;
}

const TIME_LIMIT_MS = 5_000;
/** How long other writers may keep a probe from writing before the store counts as one that can't be written, in ms. */
const BUSY_MS = 60_000;

/** Creates the gauges of the service itself in `registry`. `build`: the labels of `m0_build_info`. */
export function openServiceGauges(registry: Registry, build: readonly string[]) {
  const gauge = (name: string, help: string, labelNames: readonly string[]): Gauge =>
    new Gauge({ name, help, labelNames, registers: [registry] });
  return {
    buildInfo: gauge('m0_build_info', 'Versions of m0 and of its tools; always 1.', build),
    chatUp: gauge('m0_chat_up', '1 where the chat can be read and posted to.', ['platform']),
    storeUp: gauge('m0_store_up', '1 where the store can be read and written.', []),
    reloadOk: gauge(
      'm0_config_reload_success',
      '1 where m0.yaml is in use as it is written now; 0 while it is refused or can not be read.',
      [],
    ),
    reloadAt: gauge(
      'm0_config_reload_success_timestamp_seconds',
      'When the m0.yaml in use was taken into use, at the start or while m0 runs.',
      [],
    ),
  };
}

export function createMetrics(parts: MetricsParts): Metrics {
  const { store, directory, clock, lastTicks, log, build } = parts;
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  watchEventLoop(registry);
  const meter = createMeter(registry, () => policySources(directory).map((p) => p.name), log);
  const { buildInfo, chatUp, storeUp, reloadOk, reloadAt } = openServiceGauges(registry, Object.keys(build));
  buildInfo.set(build, 1);
  const { timeLimitMs = TIME_LIMIT_MS } = parts;
  let scrape: Promise<string> | null = null;
  /** When the store could last be written, in ms since epoch. */
  let writtenAt = Number.NEGATIVE_INFINITY;

  /** Rejects if the store can't be read or takes too long. */
  async function stateGauges(now: number): Promise<string> {
    const stacks = directory.stacks.map((s) => s.name);
    const overview = await withTimeout(
      'reading the state of the store',
      timeLimitMs,
      store.overview(stacks, now),
    );
    return gaugesText(overview, directory, lastTicks, now);
  }

  const inOneLine = (error: unknown): string => errorText(error).replaceAll(/\s+/g, ' ');

  async function storeText(): Promise<string> {
    const now = clock();
    storeUp.set(1);
    let text = '';
    try {
      await withTimeout('writing to the store', timeLimitMs, store.probe(now));
      writtenAt = now;
    } catch (error) {
      // A probe waits for other writers only briefly, and they may all be at work.
      const isPatient = storeUnavailable(error) === 'busy' && now - writtenAt < BUSY_MS;
      if (!isPatient) {
        log.error({ err: error }, 'the store can not be written');
        storeUp.set(0);
        text = `# The store can't be written: ${inOneLine(error)}\n`;
      }
    }
    try {
      return `${text}${await stateGauges(now)}`;
    } catch (error) {
      log.error({ err: error }, 'metrics could not be read from the store');
      storeUp.set(0);
      return `# The store failed, its metrics are missing: ${inOneLine(error)}\n`;
    }
  }

  async function collect(): Promise<string> {
    const gauges = await storeText();
    const config = parts.config?.();
    if (config != null) {
      reloadOk.set(config.problem === null ? 1 : 0);
      reloadAt.set(config.since / 1000);
    }
    for (const { platform, ok } of parts.chats()) chatUp.set({ platform }, ok ? 1 : 0);
    return `${gauges}${await registry.metrics()}`;
  }

  return {
    meter,
    text() {
      // Concurrent scrapes share one read of the store.
      scrape ??= collect().finally(() => {
        scrape = null;
      });
      return scrape;
    },
  };
}

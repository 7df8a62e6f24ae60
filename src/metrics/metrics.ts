/** Everything at `/metrics`: the current state, counters since the start, and the process itself. */
import { collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import { policySources } from '../alerts/policy-alerts.ts';
import { errorText } from '../base/error-text.ts';
import type { Logger } from '../base/log.ts';
import { withTimeout } from '../base/timely.ts';
import type { Clock, Directory, Platform } from '../model/directory.ts';
import type { MetricsPort } from '../ports/meter.ts';
import type { Store } from '../ports/store.ts';
import { createMeter } from './counters.ts';
import { gaugesText } from './gauges.ts';

export interface MetricsParts {
  readonly store: Pick<Store, 'overview'>;
  readonly directory: Directory;
  readonly clock: Clock;
  readonly log: Logger;
  /** Whether m0 can receive from and post to each chat. */
  readonly chats: () => readonly { readonly platform: Platform; readonly ok: boolean }[];
  /** Labels of `m0_build_info`: the versions of m0 and its tools. */
  readonly build: Readonly<Record<string, string>>;
  /** Time limit for the store in ms; default 5 s, well below Prometheus' own. */
  readonly timeLimitMs?: number;
}

export interface Metrics {
  readonly meter: MetricsPort;
  /**
   * All metrics in Prometheus' text format. Where the store fails or takes too long, only the others, with
   * `m0_store_up 0`, and the error in a comment and in the log.
   */
  text(): Promise<string>;
}

const TIME_LIMIT_MS = 5_000;

export function createMetrics(parts: MetricsParts): Metrics {
  const { store, directory, clock, log, build } = parts;
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const meter = createMeter(
    registry,
    policySources(directory).map((p) => p.name),
    log,
  );
  const gauge = (name: string, help: string, labelNames: readonly string[]): Gauge =>
    new Gauge({ name, help, labelNames, registers: [registry] });
  gauge('m0_build_info', 'Versions of m0 and of its tools.', Object.keys(build)).set(build, 1);
  const chatUp = gauge('m0_chat_up', '1 where the chat can be read and posted to.', ['platform']);
  const storeUp = gauge('m0_store_up', '1 where the store could be read.', []);
  const names = directory.stacks.map((s) => s.name);
  let scrape: Promise<string> | null = null;

  async function stateGauges(): Promise<string> {
    try {
      const now = clock();
      const doing = 'reading the state of the store';
      const overview = await withTimeout(
        doing,
        parts.timeLimitMs ?? TIME_LIMIT_MS,
        store.overview(names, now),
      );
      const text = await gaugesText(overview, directory, now);
      storeUp.set(1);
      return text;
    } catch (error) {
      log.error({ err: error }, 'metrics could not be read from the store');
      storeUp.set(0);
      const message = errorText(error);
      return `# The store failed, its metrics are missing: ${message.replaceAll(/\s+/g, ' ')}\n`;
    }
  }

  async function collect(): Promise<string> {
    const gauges = await stateGauges();
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

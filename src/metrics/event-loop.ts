/** How long the event loop is held up: while it is, m0 takes in and acknowledges nothing. */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { Gauge, type Registry } from 'prom-client';

/** How often the delay is measured, in ms. Each time wakes m0, also at rest. */
const EVERY_MS = 20;
/** The quantiles that are told. 1 is the longest delay. */
const QUANTILES = [0.5, 0.99, 0.999, 1] as const;

/**
 * Adds `m0_event_loop_delay_seconds` to the registry: quantiles of the delay since the scrape before. Node measures the
 * time between two ticks of a timer; what is longer than the timer's own interval is delay.
 */
export function watchEventLoop(registry: Registry): void {
  const histogram = monitorEventLoopDelay({ resolution: EVERY_MS });
  histogram.enable();
  new Gauge({
    name: 'm0_event_loop_delay_seconds',
    help: 'How long the event loop was held up since the scrape before, by quantile; 1 is the longest.',
    labelNames: ['quantile'],
    registers: [registry],
    collect() {
      // A percentile of an empty histogram is no delay.
      const isEmpty = histogram.count === 0;
      for (const quantile of QUANTILES) {
        const ms = isEmpty ? 0 : histogram.percentile(quantile * 100) / 1e6;
        this.set({ quantile: String(quantile) }, Math.max(0, ms - EVERY_MS) / 1_000);
      }
      histogram.reset();
    },
  });
}

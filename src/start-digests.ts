/** Sends the digests of m0.yaml on their schedules. */
import { type DigestParts, sendDigest } from './alerts/digest.ts';
import type { OutboxDispatcher } from './alerts/outbox-dispatcher.ts';
import type { Logger } from './base/log.ts';
import type { Config } from './config/load.ts';
import { type Schedule, startSchedule } from './schedule/schedule.ts';

type Digests = Config['digests'];

/**
 * Sends each digest of m0.yaml at its times. A digest that was due while m0 was down is sent once. `follow` goes on with
 * the digests of another m0.yaml.
 */
export async function startDigests(
  digests: Digests,
  parts: DigestParts,
  dispatcher: OutboxDispatcher,
  log: Logger,
): Promise<{ readonly schedule: Schedule; follow(digests: Digests): Promise<void> }> {
  const name = (of: Digests) => of.map((digest, i) => ({ ...digest, name: `digest ${i}` }));
  let named = name(digests);
  const schedule = await startSchedule({
    stacks: named,
    now: parts.clock,
    async onTick(name) {
      const digest = named.find((d) => d.name === name);
      if (digest === undefined) return;
      await sendDigest(parts, digest, name);
      dispatcher.wake();
    },
    lastTick: parts.store.lastTick,
    setLastTick: parts.store.setLastTick,
    log,
  });
  return {
    schedule,
    async follow(next) {
      named = name(next);
      await schedule.follow(named);
    },
  };
}

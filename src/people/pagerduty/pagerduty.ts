/** A cache before PagerDuty's API, with rules for how long an old answer may be used. */
import { errorText } from '../../base/error-text.ts';
import type { Clock, Directory } from '../../model/directory.ts';
import type { OnDuty, ScheduleAnswer, ScheduleOnCall } from '../../model/rota.ts';
import { createPagerDutyApi, type PagerDutyApi, PagerDutyError } from './pagerduty-api.ts';

const FRESH_MS = 60_000;
/** How long an answer may be used while PagerDuty can't be reached. */
const COUNTS_MS = 10 * 60_000;
/** How long to wait after a failure: PAUSE_MS, or as long as PagerDuty asks, at most MOST_PAUSE_MS. */
const PAUSE_MS = 10_000;
const MOST_PAUSE_MS = 5 * 60_000;

interface CachedAnswer {
  /** The last good answer, and the time it is for (ms since epoch). */
  good: { readonly onDuty: readonly OnDuty[]; readonly at: number } | null;
  /** Set while the newest request failed. */
  bad: { readonly error: unknown; readonly at: number; readonly pauseMs: number } | null;
  asking: Promise<void> | null;
}

/** True if `now` is at most `ms` after `then`. False if the clock was set back. */
function isWithin(ms: number, then: number, now: number): boolean {
  return now >= then && now - then < ms;
}

/**
 * Creates the function that returns who is on call, at most a minute old, and never past the end of a shift. If
 * PagerDuty can't be reached, its last answer is used for ten minutes, and each shift in it until that shift's end.
 * If PagerDuty refuses (the key or the schedule is gone), no earlier answer is used.
 */
export function createPagerDuty(api: PagerDutyApi, clock: Clock): ScheduleOnCall {
  const schedules = new Map<string, CachedAnswer>();

  async function ask(schedule: string, cached: CachedAnswer): Promise<void> {
    const at = clock();
    try {
      cached.good = { onDuty: await api.onCallAt(schedule, at), at };
      cached.bad = null;
    } catch (error) {
      const refused = error instanceof PagerDutyError && error.refused;
      const asked = error instanceof PagerDutyError ? error.retryAfterMs : null;
      const pauseMs = Math.min(Math.max(asked ?? PAUSE_MS, PAUSE_MS), MOST_PAUSE_MS);
      if (refused) cached.good = null;
      cached.bad = { error, at, pauseMs };
    }
  }

  function isDue({ good, bad }: CachedAnswer, now: number): boolean {
    if (bad !== null) return !isWithin(bad.pauseMs, bad.at, now);
    if (good === null || !isWithin(FRESH_MS, good.at, now)) return true;
    // A shift has ended: that answer does not name the next person.
    return good.onDuty.some((one) => isOver(one, now));
  }

  function answerOf({ good, bad }: CachedAnswer, now: number): ScheduleAnswer {
    const onDuty = good === null ? [] : good.onDuty.filter((one) => !isOver(one, now));
    if (bad === null) return { onDuty, trouble: null };
    const { error } = bad;
    if (good === null || onDuty.length === 0 || !isWithin(COUNTS_MS, good.at, now)) throw error;
    const why = errorText(error);
    return { onDuty, trouble: `${why}; its last answer counts for up to ten minutes` };
  }

  return async (schedule) => {
    const cached = schedules.get(schedule) ?? { good: null, bad: null, asking: null };
    schedules.set(schedule, cached);
    if (isDue(cached, clock())) {
      cached.asking ??= ask(schedule, cached).finally(() => {
        cached.asking = null;
      });
      await cached.asking;
    }
    return answerOf(cached, clock());
  };
}

function isOver({ until }: OnDuty, now: number): boolean {
  return until !== null && until <= now;
}

/**
 * PagerDuty as the environment configures it; undefined if m0.yaml has no PagerDuty schedule. Throws if m0.yaml has
 * one and there is no key.
 */
export function openPagerDuty(
  { token, apiUrl }: { readonly token: string | null; readonly apiUrl: string },
  oncall: Directory['oncall'],
  clock: Clock,
): ScheduleOnCall | undefined {
  const rotas = Object.keys(oncall).filter((name) => oncall[name]?.kind === 'pagerduty');
  if (token !== null) return createPagerDuty(createPagerDutyApi({ token, apiUrl, clock }), clock);
  if (rotas.length > 0) {
    throw new Error(
      `PAGERDUTY_TOKEN is not set, which oncall.${rotas.join(', oncall.')} of m0.yaml needs: set it to a read-only REST API key of PagerDuty`,
    );
  }
  return undefined;
}

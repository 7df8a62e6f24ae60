/**
 * Keeps what `show` said of each stack's last plan: the next one says the same while nothing changes, and an edit of the
 * code can be made from it.
 */
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import { planContent } from './plan-content.ts';

export interface ShownPlans<About> {
  /**
   * The plan as JSON: what `show` printed of the stack's last plan, where this one has the same content, with the time
   * of this one; else what `show` prints now. `how`: all else that the output depends on; null: unknown, so `show` runs.
   */
  of(stack: string, how: string | null, file: Buffer, show: () => Promise<Buffer>): Promise<Shown>;
  /** Keeps `about` with the plan that is shown as `shownAs`, for as long as that is kept. */
  remember(stack: string, shownAs: string | null, about: About): void;
  /** The stack's last plan that something was kept about; null: there is none, or another plan was made since. */
  recall(stack: string): Promise<{ readonly json: Buffer; readonly about: About } | null>;
}

export interface Shown {
  readonly json: Buffer;
  /** Names the content of the plan, without its time; null: it is not kept. */
  readonly shownAs: string | null;
}

interface Kept<About> {
  readonly how: string;
  readonly digest: string;
  readonly timestamp: string | null;
  readonly packed: Buffer;
  readonly about?: About;
}

/** Packed, in bytes. Only in memory, because a plan holds secrets. */
const MOST_OF_ONE = 2 * 1024 * 1024;
const MOST_OF_ALL = 24 * 1024 * 1024;
/** The time is one of the last fields of the document. */
const END_CHARACTERS = 1_000;
const zip = promisify(gzip);
const unzip = promisify(gunzip);

/** `mostOfAll`: how much is kept in memory, in bytes. */
export function createShownPlans<About>(mostOfAll: number = MOST_OF_ALL): ShownPlans<About> {
  /** The stack that was planned longest ago comes first. */
  const kept = new Map<string, Kept<About>>();
  let bytes = 0;

  function forget(stack: string): void {
    bytes -= kept.get(stack)?.packed.length ?? 0;
    kept.delete(stack);
  }

  function keep(stack: string, shown: Kept<About>): void {
    forget(stack);
    if (shown.packed.length > MOST_OF_ONE) return;
    kept.set(stack, shown);
    bytes += shown.packed.length;
    for (const oldest of kept.keys()) {
      if (bytes <= mostOfAll) return;
      forget(oldest);
    }
  }

  return {
    async of(stack, how, file, show) {
      const content = how === null ? null : await planContent(file);
      if (how === null || content === null) {
        forget(stack);
        return { json: await show(), shownAs: null };
      }
      const last = kept.get(stack);
      if (last?.how === how && last.digest === content.digest) {
        const json = withTime(await unzip(last.packed), last.timestamp, content.timestamp);
        if (json !== null) {
          const { about: _, ...same } = last;
          keep(stack, same);
          return { json, shownAs: last.digest };
        }
      }
      const json = await show();
      keep(stack, { how, ...content, packed: await zip(json) });
      return { json, shownAs: content.digest };
    },
    remember(stack, shownAs, about) {
      const last = kept.get(stack);
      if (last !== undefined && last.digest === shownAs) kept.set(stack, { ...last, about });
    },
    async recall(stack) {
      const last = kept.get(stack);
      return last?.about === undefined ? null : { json: await unzip(last.packed), about: last.about };
    },
  };
}

/** The document with another time; null where it is not certain where its time stands. */
function withTime(json: Buffer, before: string | null, now: string | null): Buffer | null {
  if (before === null || now === null) return before === now ? json : null;
  const field = `"timestamp":"${before}"`;
  const at = json.lastIndexOf(field);
  if (at < Math.max(0, json.length - END_CHARACTERS)) return null;
  const rest = json.subarray(at + field.length);
  return Buffer.concat([json.subarray(0, at), Buffer.from(`"timestamp":"${now}"`), rest]);
}

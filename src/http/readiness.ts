/** Whether m0 can do its work, and by name, with what to do about it, what stands in the way. */

import { statfs } from 'node:fs/promises';
import { resolve } from 'node:path';
import { policySources } from '../alerts/policy-trouble.ts';
import { errorText } from '../base/error-text.ts';
import { timely } from '../base/timely.ts';
import type { MirrorTrouble } from '../git/watched-mirrors.ts';
import type { Clock, Directory, Platform } from '../model/directory.ts';
import type { Overview } from '../model/overview.ts';
import type { Store } from '../ports/store.ts';
import { isExecutable } from '../setup/find-executable.ts';
import { TERRAFORM_MISSING, type Tools } from '../setup/tools.ts';
import type { Readiness } from './server.ts';

/** What a running schedule tells of itself. Times in ms since epoch. */
interface WatchedSchedule {
  /** When it last looked at the clock. */
  lookedAt(): number;
  /** Ticks that came and were not followed up yet, or could not be. */
  overdue(): readonly { readonly name: string; readonly since: number; readonly error: string | null }[];
}

export interface ReadinessParts {
  readonly store: Pick<Store, 'overview' | 'probe' | 'alerts'>;
  readonly directory: Directory;
  readonly clock: Clock;
  /** `ok` is false while nothing can be heard or posted; a `problem` beside `ok` concerns single channels. */
  readonly chats: () => readonly {
    readonly platform: Platform;
    readonly ok: boolean;
    readonly problem: string | null;
  }[];
  readonly tools: Pick<Tools, 'terraform' | 'tofu' | 'opa'>;
  /** Folders that must not run full. */
  readonly folders: readonly string[];
  readonly schedules: () => readonly WatchedSchedule[];
  readonly mirrors: () => readonly MirrorTrouble[];
  /** Rotas that nobody can be named for. */
  readonly rotas: () => readonly { readonly rota: string; readonly problem: string }[];
  /** Less free room than this is told; default 1 GiB, about what one more provider takes. */
  readonly leastFreeBytes?: number;
  /** Most ms that the store or a disk may take to answer; default 5 s. */
  readonly patienceMs?: number;
}

interface Problem {
  readonly part: string;
  readonly problem: string;
  /** m0 can do nothing of its work before this is mended. */
  readonly stops: boolean;
}

const GIB = 1024 ** 3;
const PATIENCE_MS = 5_000;
/** What should have happened by itself and has not for so long, happens no more. */
const STUCK_MS = 10 * 60_000;
/** Clocks are put right by less than this all the time. */
const SET_BACK_MS = 60_000;

function problemOf(part: string, problem: string): Problem {
  return { part, problem, stops: false };
}

function instant(at: number): string {
  return new Date(at).toISOString();
}

function minutes(ms: number): string {
  return `${Math.round(ms / 60_000)} min`;
}

/** The question behind `/readyz`. What it answers is `ok` while only such things are wrong as m0 can work with. */
export function createReadiness(parts: ReadinessParts): () => Promise<Readiness> {
  const { store, directory, clock } = parts;
  const folders = [...new Set(parts.folders.map((folder) => resolve(folder)))];
  const patienceMs = parts.patienceMs ?? PATIENCE_MS;
  /** The latest time that the clock ever showed here. */
  let latest = 0;

  async function ofStore(now: number): Promise<readonly Problem[]> {
    try {
      await timely('writing to the store', patienceMs, store.probe(now));
      const reading = store.overview([], now);
      const overview = await timely('reading the store', patienceMs, reading);
      return [
        ...(await ofPolicies()),
        ...ofDeliveries(overview, now),
        ...ofClock(overview.recordedAt ?? 0, now),
      ];
    } catch (error) {
      return [{ part: 'store', problem: errorText(error), stops: true }];
    }
  }

  async function ofPolicies(): Promise<readonly Problem[]> {
    const alerts = await timely(
      'reading the store',
      patienceMs,
      store.alerts({ kind: 'policy', state: 'open' }),
    );
    return alerts.map(({ subject: policy, details: { error, inUse, seen } }) => {
      const part = `policy ${policy}`;
      if (inUse === null) {
        return problemOf(part, `${error}. No commit of it was ever good, so people decide: mend the policy`);
      }
      const last = `the last good commit ${inUse.slice(0, 7)}`;
      return problemOf(
        part,
        seen === null
          ? `${error}. Nothing is applied by itself on the word of ${last}: mend the policy, or say "seen ${policy}" in chat`
          : `${error}. ${seen.by.name} has seen it, and ${last} goes on deciding: mend the policy`,
      );
    });
  }

  function ofDeliveries({ outbox }: Overview, now: number): readonly Problem[] {
    const { waiting, oldestAt, doneAt, error } = outbox;
    if (oldestAt === null || now - oldestAt <= STUCK_MS) return [];
    const last =
      doneAt === null ? 'nothing was ever delivered' : `the last one arrived at ${instant(doneAt)}`;
    const why = error === null ? 'the delivery does not get to it: restart m0' : error;
    return [
      problemOf('deliveries', `${waiting} wait, the oldest for ${minutes(now - oldestAt)}; ${last}: ${why}`),
    ];
  }

  function ofClock(recordedAt: number, now: number): readonly Problem[] {
    latest = Math.max(latest, now);
    const ahead = Math.max(latest, recordedAt);
    if (now >= ahead - SET_BACK_MS) return [];
    return [
      problemOf(
        'clock',
        `it shows ${instant(now)}, and was at ${instant(ahead)} before: set it right (NTP), schedules and snoozes go by it`,
      ),
    ];
  }

  async function ofTools(): Promise<readonly Problem[]> {
    const named: readonly (readonly [string, string | null, string])[] = [
      ...(['terraform', 'tofu'] as const)
        .filter((tool) => directory.stacks.some((s) => s.tool === tool))
        .map((tool) => [tool, parts.tools[tool], `M0_${tool.toUpperCase()}`] as const),
      ...(policySources(directory).length > 0 ? [['opa', parts.tools.opa, 'M0_OPA'] as const] : []),
    ];
    const problems = await Promise.all(
      named.map(async ([part, file, variable]): Promise<readonly Problem[]> => {
        if (file === null) return [{ part, problem: `it was not found: ${TERRAFORM_MISSING}`, stops: true }];
        if (await isExecutable(file)) return [];
        const problem = `${file} is gone or can't be run: put it back, or name another in ${variable} and restart m0`;
        return [{ part, problem, stops: true }];
      }),
    );
    return problems.flat();
  }

  async function ofDisk(folder: string): Promise<readonly Problem[]> {
    try {
      const { bavail, bsize } = await timely(
        `asking for the free room of ${folder}`,
        patienceMs,
        statfs(folder),
      );
      const free = bavail * bsize;
      if (free >= (parts.leastFreeBytes ?? GIB)) return [];
      return [
        problemOf('disk', `${Math.floor(free / 1024 ** 2)} MiB are free in ${folder}: free space on it`),
      ];
    } catch (error) {
      // One that is not there yet is made when it is needed.
      return (error as NodeJS.ErrnoException).code === 'ENOENT' ? [] : [problemOf('disk', errorText(error))];
    }
  }

  function ofSchedules(now: number): readonly Problem[] {
    return parts.schedules().flatMap((schedule) => {
      const asleep = now - schedule.lookedAt();
      const late = schedule.overdue().filter((o) => o.error !== null || now - o.since > STUCK_MS);
      const [first] = late;
      return [
        ...(asleep > STUCK_MS
          ? [problemOf('schedule', `it has not looked at the clock for ${minutes(asleep)}: restart m0`)]
          : []),
        ...(first === undefined
          ? []
          : [
              problemOf(
                'schedule',
                `${late.map((o) => o.name).join(', ')}: due since ${instant(first.since)} and not begun: ${first.error ?? 'it hangs, restart m0'}`,
              ),
            ]),
      ];
    });
  }

  function ofGit(): readonly Problem[] {
    const byProblem = Map.groupBy(parts.mirrors(), (m) => m.problem);
    return [...byProblem].map(([problem, [first]]) =>
      problemOf(
        'git',
        first === undefined ? problem : `${problem} (${first.fails} times since ${instant(first.since)})`,
      ),
    );
  }

  return async () => {
    const now = clock();
    const chats = parts
      .chats()
      .flatMap(({ platform, ok, problem }): readonly Problem[] =>
        ok && problem === null ? [] : [{ part: platform, problem: problem ?? 'it is not there', stops: !ok }],
      );
    const problems = [
      ...(await ofStore(now)),
      ...chats,
      ...(await ofTools()),
      ...ofSchedules(now),
      ...ofGit(),
      ...parts
        .rotas()
        .map(({ rota, problem }) =>
          problemOf(
            `rota ${rota}`,
            `nobody can be named, so nobody is asked and nobody may decide by it: ${problem}`,
          ),
        ),
      ...(await Promise.all(folders.map(ofDisk))).flat(),
    ];
    return {
      ok: problems.every((p) => !p.stops),
      problems: problems.map(({ part, problem }) => ({ part, problem })),
    };
  };
}

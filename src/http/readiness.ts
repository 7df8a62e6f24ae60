/** Answers `/readyz`: whether m0 can work, and each problem with advice. */

import { statfs } from 'node:fs/promises';
import { resolve } from 'node:path';
import { policySources } from '../alerts/policy-alerts.ts';
import { errorText } from '../base/error-text.ts';
import { withTimeout } from '../base/timely.ts';
import type { FailedFetch } from '../git/watched-mirrors.ts';
import type { Clock, Directory, Platform } from '../model/directory.ts';
import type { Overview } from '../model/overview.ts';
import { labelOf, NO_LABEL } from '../model/worker-label.ts';
import type { Store } from '../ports/store.ts';
import type { LeftTool } from '../ports/tool-processes.ts';
import { isExecutable } from '../setup/find-executable.ts';
import { TERRAGRUNT_MISSING } from '../setup/terragrunt.ts';
import { TERRAFORM_MISSING, type Tools } from '../setup/tools.ts';
import { count } from '../text/words.ts';
import type { Readiness } from './server.ts';

/** The state of a running schedule. Times in ms since epoch. */
interface WatchedSchedule {
  /** When it last checked the clock. */
  checkedClockAt(): number;
  /** Ticks that were due and have not been handled, or failed. */
  overdue(): readonly { readonly name: string; readonly since: number; readonly error: string | null }[];
}

export interface ReadinessParts {
  readonly store: Pick<Store, 'overview' | 'probe' | 'alerts'>;
  /** The kind of the database, for people. */
  readonly database: 'SQLite' | 'PostgreSQL';
  readonly directory: Directory;
  readonly clock: Clock;
  /**
   * `ok` is false while a chat can neither receive nor post; a `problem` with `ok` true concerns single
   * channels.
   */
  readonly chats: () => readonly {
    readonly platform: Platform;
    readonly ok: boolean;
    readonly problem: string | null;
  }[];
  readonly tools: Pick<Tools, 'terraform' | 'tofu' | 'terragrunt' | 'opa'>;
  /** Tools of earlier processes that may still run: their stacks wait for them. */
  readonly leftTools: () => Promise<readonly Pick<LeftTool, 'stack' | 'host' | 'phase' | 'endsBy'>[]>;
  /** The processes that work on stacks, this one among them, with the labels of what they work on. */
  readonly workers: () => Promise<readonly { readonly labels: readonly string[] }[]>;
  /** The jobs that workers have given back lately, because they could not do them. */
  readonly refusedWork: () => readonly {
    readonly label: string;
    readonly problem: string;
    readonly stacks: readonly string[];
  }[];
  /** Folders whose disks must not become full. */
  readonly folders: readonly string[];
  readonly schedules: () => readonly WatchedSchedule[];
  readonly failedFetches: () => readonly FailedFetch[];
  /** Which m0.yaml is in use, and why it is another one than is written now. Left out, or null: it is not read anew. */
  readonly config?: () => {
    readonly shown: string;
    readonly commit: string | null;
    readonly digest: string;
    readonly since: number;
    readonly problem: string | null;
  } | null;
  /** Rotations for which no person can be determined. */
  readonly rotationProblems: () => readonly { readonly rota: string; readonly problem: string }[];
  /** Less free space than this is a problem; default 1 GiB, about what one more provider takes. */
  readonly minFreeBytes?: number;
  /** Time limit for the store or a disk to answer, in ms; default 5 s. */
  readonly timeLimitMs?: number;
}

interface Problem {
  readonly part: string;
  readonly problem: string;
  /** True where m0 cannot work at all until this is solved. */
  readonly stops: boolean;
}

/** How many stacks without a worker are named. */
const SHOWN_STACKS = 5;
const GIB = 1024 ** 3;
const TIME_LIMIT_MS = 5_000;
/** Work that should have happened by itself and is this late counts as stuck. */
const STUCK_MS = 10 * 60_000;
/** Clocks are corrected by less than this all the time. */
const SET_BACK_MS = 60_000;

function problemOf(part: string, problem: string): Problem {
  return { part, problem, stops: false };
}

function isoTime(at: number): string {
  return new Date(at).toISOString();
}

function minutes(ms: number): string {
  return `${Math.round(ms / 60_000)} min`;
}

function shownNames(names: readonly string[]): string {
  return names.length > SHOWN_STACKS ? `${names.slice(0, SHOWN_STACKS).join(', ')}, …` : names.join(', ');
}

function configOf(
  config: NonNullable<ReturnType<NonNullable<ReadinessParts['config']>>>,
): NonNullable<Readiness['config']> {
  const { shown, commit, digest, since } = config;
  return { file: shown, commit, sha256: digest, since: isoTime(since) };
}

/** Builds the check behind `/readyz`. Its answer is `ok` as long as no problem stops m0 from working. */
export function createReadiness(parts: ReadinessParts): () => Promise<Readiness> {
  const { store, directory, clock } = parts;
  const folders = [...new Set(parts.folders.map((folder) => resolve(folder)))];
  const timeLimitMs = parts.timeLimitMs ?? TIME_LIMIT_MS;
  /** The latest time that this process has seen. */
  let latest = 0;

  async function storeProblems(now: number): Promise<readonly Problem[]> {
    try {
      await withTimeout('writing to the store', timeLimitMs, store.probe(now));
      const query = store.overview([], now);
      const overview = await withTimeout('reading the store', timeLimitMs, query);
      return [
        ...(await policyProblems()),
        ...(await leftToolProblems()),
        ...(await workerProblems()),
        ...outboxProblems(overview, now),
        ...clockProblems(overview.recordedAt ?? 0, now),
      ];
    } catch (error) {
      return [{ part: 'store', problem: errorText(error), stops: true }];
    }
  }

  async function leftToolProblems(): Promise<readonly Problem[]> {
    const left = await withTimeout('reading the store', timeLimitMs, parts.leftTools());
    return left.map(({ stack, host, phase, endsBy }) =>
      problemOf(
        `stack ${stack}`,
        `waits for the ${phase} that an earlier m0 on ${host} started, until ${isoTime(endsBy)} at most`,
      ),
    );
  }

  async function workerProblems(): Promise<readonly Problem[]> {
    const workers = await withTimeout('reading the store', timeLimitMs, parts.workers());
    const there = new Set(workers.flatMap(({ labels }) => labels));
    const alone = Map.groupBy(
      directory.stacks.filter((stack) => !there.has(labelOf(stack))),
      labelOf,
    );
    const refused = parts.refusedWork().map(({ label, problem, stacks }) => {
      const who = label === NO_LABEL ? 'a worker' : `a worker with the label ${label}`;
      const about = `${count(stacks.length, 'stack')} (${shownNames(stacks)})`;
      return problemOf('workers', `${who} does not work on ${about}: ${problem}`);
    });
    const unserved = [...alone].map(([label, stacks]) => {
      const names = stacks.map(({ name }) => name);
      const shown = shownNames(names);
      const [which, how] =
        label === NO_LABEL ? ['a label', 'm0 worker'] : [`label ${label}`, `m0 worker --labels ${label}`];
      const kind = label === NO_LABEL ? `without ${which}` : `with the ${which}`;
      return problemOf(
        'workers',
        `none ${kind} gives a sign of life, and ${count(names.length, 'stack')} can not be checked (${shown}): start ${how} (it needs a PostgreSQL database)`,
      );
    });
    return [...unserved, ...refused];
  }

  async function policyProblems(): Promise<readonly Problem[]> {
    const alerts = await withTimeout(
      'reading the store',
      timeLimitMs,
      store.alerts({ kind: 'policy', state: 'open' }),
    );
    return alerts.map(({ subject: policy, details: { error, inUse, seen } }) => {
      const part = `policy ${policy}`;
      if (inUse === null) {
        return problemOf(part, `${error}. No commit of it was ever good, so people decide: fix the policy`);
      }
      const last = `the last good commit ${inUse.slice(0, 7)}`;
      return problemOf(
        part,
        seen === null
          ? `${error}. Nothing that ${last} allows is applied by itself: fix the policy, or say "seen ${policy}" in chat`
          : `${error}. ${seen.by.name} has seen it, and ${last} decides again: fix the policy`,
      );
    });
  }

  function outboxProblems({ outbox }: Overview, now: number): readonly Problem[] {
    const { waiting, oldestAt, doneAt, error } = outbox;
    if (oldestAt === null || now - oldestAt <= STUCK_MS) return [];
    const last =
      doneAt === null ? 'nothing was ever delivered' : `the last one arrived at ${isoTime(doneAt)}`;
    const why = error === null ? 'the delivery does not get to it: restart m0' : error;
    return [
      problemOf('deliveries', `${waiting} wait, the oldest for ${minutes(now - oldestAt)}; ${last}: ${why}`),
    ];
  }

  function clockProblems(recordedAt: number, now: number): readonly Problem[] {
    latest = Math.max(latest, now);
    const ahead = Math.max(latest, recordedAt);
    if (now >= ahead - SET_BACK_MS) return [];
    return [
      problemOf(
        'clock',
        `it shows ${isoTime(now)}, and was at ${isoTime(ahead)} before: set it right (NTP), schedules and snoozes use it`,
      ),
    ];
  }

  async function toolProblems(): Promise<readonly Problem[]> {
    const wanted: readonly (readonly [string, string | null, string, string?])[] = [
      ...(['terraform', 'tofu'] as const)
        .filter((tool) => directory.stacks.some((s) => s.tool === tool))
        .map((tool) => [tool, parts.tools[tool], `M0_${tool.toUpperCase()}`] as const),
      ...(directory.stacks.some((s) => s.terragrunt === true)
        ? [['terragrunt', parts.tools.terragrunt, 'M0_TERRAGRUNT', TERRAGRUNT_MISSING] as const]
        : []),
      ...(policySources(directory).length > 0 ? [['opa', parts.tools.opa, 'M0_OPA'] as const] : []),
    ];
    const problems = await Promise.all(
      wanted.map(async ([part, file, variable, missing]): Promise<readonly Problem[]> => {
        if (file === null)
          return [{ part, problem: `it was not found: ${missing ?? TERRAFORM_MISSING}`, stops: true }];
        if (await isExecutable(file)) return [];
        const problem = `${file} is gone or can't be run: put it back, or name another in ${variable} and restart m0`;
        return [{ part, problem, stops: true }];
      }),
    );
    return problems.flat();
  }

  async function diskProblems(folder: string): Promise<readonly Problem[]> {
    try {
      const { bavail, bsize } = await withTimeout(
        `asking for the free room of ${folder}`,
        timeLimitMs,
        statfs(folder),
      );
      const free = bavail * bsize;
      if (free >= (parts.minFreeBytes ?? GIB)) return [];
      return [
        problemOf('disk', `${Math.floor(free / 1024 ** 2)} MiB are free in ${folder}: free space on it`),
      ];
    } catch (error) {
      // A missing folder is created when it is needed.
      return (error as NodeJS.ErrnoException).code === 'ENOENT' ? [] : [problemOf('disk', errorText(error))];
    }
  }

  function scheduleProblems(now: number): readonly Problem[] {
    return parts.schedules().flatMap((schedule) => {
      const silentMs = now - schedule.checkedClockAt();
      const stuck = schedule.overdue().filter((o) => o.error !== null || now - o.since > STUCK_MS);
      const [first] = stuck;
      return [
        ...(silentMs > STUCK_MS
          ? [problemOf('schedule', `it has not looked at the clock for ${minutes(silentMs)}: restart m0`)]
          : []),
        ...(first === undefined
          ? []
          : [
              problemOf(
                'schedule',
                `${stuck.map((o) => o.name).join(', ')}: due since ${isoTime(first.since)} and not begun: ${first.error ?? 'it hangs, restart m0'}`,
              ),
            ]),
      ];
    });
  }

  function gitProblems(): readonly Problem[] {
    const byProblem = Map.groupBy(parts.failedFetches(), (m) => m.problem);
    return [...byProblem].map(([problem, [first]]) =>
      problemOf(
        'git',
        first === undefined ? problem : `${problem} (${first.fails} times since ${isoTime(first.since)})`,
      ),
    );
  }

  return async () => {
    const now = clock();
    const config = parts.config?.() ?? null;
    const chats = parts
      .chats()
      .flatMap(({ platform, ok, problem }): readonly Problem[] =>
        ok && problem === null ? [] : [{ part: platform, problem: problem ?? 'it is not there', stops: !ok }],
      );
    const problems = [
      ...(await storeProblems(now)),
      ...chats,
      ...(await toolProblems()),
      ...scheduleProblems(now),
      ...gitProblems(),
      ...(config?.problem == null
        ? []
        : [problemOf('m0.yaml', `it is not in use as it is written: ${config.problem}`)]),
      ...parts
        .rotationProblems()
        .map(({ rota, problem }) =>
          problemOf(
            `rota ${rota}`,
            `nobody can be named, so nobody is asked and nobody may decide by it: ${problem}`,
          ),
        ),
      ...(await Promise.all(folders.map(diskProblems))).flat(),
    ];
    return {
      ok: problems.every((p) => !p.stops),
      database: parts.database,
      problems: problems.map(({ part, problem }) => ({ part, problem })),
      ...(config === null ? {} : { config: configOf(config) }),
    };
  };
}

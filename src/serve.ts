/** Creates all adapters, connects them to the core, starts everything and stops it again. */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { greetingView, homeView } from './alerts/home.ts';
import { tellPlace } from './artifacts/shared-place.ts';
import { createClosers } from './base/closers.ts';
import { errorText } from './base/error-text.ts';
import type { Logger } from './base/log.ts';
import { createAthena } from './cause/athena.ts';
import { createCloudTrail } from './cause/cloudtrail.ts';
import { createPace } from './cause/pace.ts';
import { type ChatsOptions, openChats, refuseMissingChats, withinChats } from './chat/chats.ts';
import { editCode } from './codify/edit/edit-code.ts';
import type { Environment } from './config/environment.ts';
import type { Config } from './config/load.ts';
import { createCore } from './core.ts';
import { createDiscoveries } from './discovery/discoveries.ts';
import { fingerprintKey } from './fingerprint-key.ts';
import { type ConfigOrigin, type FollowConfig, followConfig } from './follow-config.ts';
import { followStacks, liveJitterOf, removeUnwatchedFolders } from './follow-stacks.ts';
import { createForge } from './forge/forge.ts';
import { scrubUrl } from './git/address.ts';
import { createCodeChanges } from './git/own-commits.ts';
import { createPusher } from './git/push.ts';
import { repositoryKey } from './git/remote.ts';
import { createGitWebhook } from './http/git-webhook.ts';
import { createReadiness } from './http/readiness.ts';
import { greetingCard } from './messages/greeting-card.ts';
import { homeCard } from './messages/home-card.ts';
import { createMetrics } from './metrics/metrics.ts';
import type { Clock, Stack } from './model/directory.ts';
import { createLiveDirectory } from './model/live-directory.ts';
import { inRoundOrder } from './model/order.ts';
import { M0, type Run, type Trigger } from './model/run.ts';
import { NO_LABEL } from './model/worker-label.ts';
import { openAsOwner } from './open-as-owner.ts';
import { emailIn } from './people/email.ts';
import { keepUsergroups } from './people/kept-usergroups.ts';
import { openPagerDuty } from './people/pagerduty/pagerduty.ts';
import { drawPicture } from './pictures/draw.ts';
import { createPolicies } from './policy/policies.ts';
import type { Store } from './ports/store.ts';
import { createCauseAccess } from './roles/access.ts';
import { checkOnSchedule } from './runs/scheduled-check.ts';
import { refusedWork } from './runs/work-reports.ts';
import { jitterAfter } from './schedule/jitter.ts';
import { lastTicks } from './schedule/last-ticks.ts';
import { watchPushes } from './schedule/push.ts';
import { repeat } from './schedule/repeat.ts';
import { startSchedule } from './schedule/schedule.ts';
import type { Tools } from './setup/tools.ts';
import { openStackRunner } from './stack-runner.ts';
import { startDigests } from './start-digests.ts';
import { databaseKind } from './store/inspect.ts';
import { databaseFile, isPostgres } from './store/open.ts';
import { startRetention } from './store/retention.ts';

export interface ServeOptions {
  readonly config: Config;
  /** Where `config` was read from, to read it anew when it changes; left out: it is not read again. */
  readonly source?: ConfigOrigin | undefined;
  readonly environment: Environment;
  readonly tools: Tools;
  /** The environment variables of which child processes get a selection (PATH, HOME, proxies). */
  readonly base: Readonly<Record<string, string | undefined>>;
  readonly log: Logger;
  /** Returns the time in ms since epoch; the system clock by default. */
  readonly clock?: Clock;
  /** Aborts the start: m0 then stops waiting for the owner of its database. */
  readonly stop?: AbortSignal;
  /** The labels of the work that this process does itself, where workers share it; left out: work without a label. */
  readonly labels?: readonly string[];
  /** False: replicas of the bot take the commands, and this process only posts. */
  readonly takesCommands?: boolean;
  /** False: stacks that were never checked wait for their schedule, as in the sandbox, which checks its own. */
  readonly firstChecks?: boolean;
  /** A Bot Connector to use instead of Microsoft's, as in the sandbox. */
  readonly teamsConnector?: ChatsOptions['teamsConnector'];
}

export interface Service {
  /** The address of the HTTP endpoints (health, metrics). */
  readonly url: string;
  readonly store: Store;
  /** The newest 200 runs of the stack, newest first. */
  runs(stack: string): Promise<readonly Run[]>;
  /** Reads m0.yaml anew, also if it did not change: files that it refers to may have. */
  reload(): void;
  /** Queues a check of every stack. */
  checkAll(): Promise<void>;
  /** Resolves when another process has taken over the database. Then call `close`. */
  readonly lost: Promise<string>;
  /** Takes no new work, waits for running applies, delivers due messages, and closes everything. Never rejects. */
  close(): Promise<void>;
}

/** The version of m0 (from package.json), of Node and of the tools. */
function versions(tools: Tools): Readonly<Record<string, string>> {
  const own = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  const { terraform = '', tofu = '', opa = '' } = tools.versions;
  return { version: own.version, node: process.versions.node, terraform, tofu, opa };
}

/** How often m0 checks the status of the policies. */
const POLICY_CHECK_MS = 30_000;
/** How often m0 checks for snoozes that have ended and for unanswered questions. */
const WAITING_CHECK_MS = 15_000;
/** How often m0 looks whether logs of clouds are to be asked who changed something. */
const CAUSES_MS = 15_000;
/** How often m0 looks at what is on its way into the code. */
const CODIFY_MS = 15_000;
/** How often m0 tells workers who is in the user groups of Slack. */
const USERGROUPS_MS = 60_000;
/** How often m0 stores the numbers of the days that are over. */
const TREND_MS = 6 * 3_600_000;

/** How often m0 looks whether more of what was never checked can be checked. */
const FIRST_CHECKS_MS = 1_000;
/** How often m0 looks whether workspaces must be listed. */
const WORKSPACES_MS = 60_000;
/** How often m0 looks for stacks where m0.yaml says that pushes are not looked for. */
const UNPOLLED_MS = 3_600_000;

/** Starts m0. If a part can't start, closes everything again and rejects. */
export async function serve(options: ServeOptions): Promise<Service> {
  const { config, environment, tools, base, log, teamsConnector } = options;
  const clock = options.clock ?? Date.now;
  const labels = options.labels ?? [NO_LABEL];
  const { takesCommands = true } = options;
  const wait = (ms: number): Promise<void> => sleep(ms);
  const causeAccess = createCauseAccess();
  refuseMissingChats(config);
  const pagerduty = openPagerDuty(environment.pagerduty, config.directory.oncall, clock);
  const inUse = { config };
  let following: FollowConfig | null = null;
  const configStatus: FollowConfig['status'] = () => following?.status() ?? null;
  const closers = createClosers(log);

  try {
    const { store, http, lost } = await openAsOwner(options, closers);
    const key = await fingerprintKey(store);
    const { shared } = store;
    const { artifacts: location, artifactKeys: keys } = environment;
    if (shared !== null) await tellPlace(store, { location, keys });
    const { mirrors, runner } = await openStackRunner({
      ...{ environment, tools, base, key, clock, log },
      toolProcesses: store.toolProcesses,
      credentials: () => inUse.config.credentials,
    });
    const discoveries = createDiscoveries({
      ...{ rules: config.discover, base: withinChats(config), repositories: mirrors, store, clock, log },
      ...{ keyOf: repositoryKey, shown: scrubUrl },
      workspaces: (stack, signal) => runner.workspaces(stack, signal),
    });
    const live = createLiveDirectory(await discoveries.open());
    const { directory } = live;
    const policies = createPolicies({
      dataDir: environment.dataDir,
      opa: tools.opa,
      mirrors,
      log,
      clock,
      emailOf: emailIn(directory),
    });
    closers.push(async () => policies.close());

    const chats = await openChats({
      config: { ...config, directory },
      environment,
      store,
      log,
      clock,
      teamsConnector,
      drawPicture,
    });
    const rotationProblems = new Map<string, string>();
    const metrics = createMetrics({
      ...{ store, directory, clock, lastTicks, log, config: configStatus },
      chats: chats.healthy,
      build: versions(tools),
    });
    const core = createCore({
      ...{ store, runner, policies, directory, clock, log, pagerduty, key },
      chats: chats.ports,
      codify: {
        code: createCodeChanges(mirrors, base),
        // At each use, because another m0.yaml may be in use by then.
        forge: createForge({
          credentials: () => inUse.config.writeCredentials,
          kinds: () => inUse.config.directory.forges ?? {},
          pusher: createPusher({ dir: join(environment.dataDir, 'git', 'push'), base }),
          ...{ mirrors, clock, log },
        }),
        edit: editCode,
      },
      usergroup: (id) => chats.usergroup(id),
      causeSources: [
        createCloudTrail({ access: causeAccess, pace: createPace(clock, wait) }),
        createAthena({ access: causeAccess, pace: createPace(clock, wait), sleep: wait }),
      ],
      ...{ shared, labels },
      concurrency: environment.concurrency,
      meter: metrics.meter,
      onRotationProblem: (rotation, problem) => {
        if (problem === null) rotationProblems.delete(rotation);
        else rotationProblems.set(rotation, problem);
        if (problem === null) log.info({ rotation }, 'an on-call rotation recovered');
        else log.warn({ rotation, problem }, 'an on-call rotation has a problem');
      },
      onChange: () => chats.refreshHomes(),
    });
    const { worker, dispatcher, policyWatch, view } = core;
    if (shared !== null) {
      const left = repeat(WAITING_CHECK_MS, () => chats.catchUp());
      closers.push(() => left.stop());
      const keep = repeat(USERGROUPS_MS, async () => {
        await keepUsergroups(store, directory, (id) => chats.usergroup(id), clock).catch((error: unknown) =>
          log.warn({ problem: errorText(error) }, 'the members of a user group can not be told to workers'),
        );
      });
      closers.push(() => keep.stop());
    }
    dispatcher.start();
    closers.push(() => dispatcher.drain());
    closers.push(() => worker.drain());
    closers.push(async () => core.codify?.drain());
    if (takesCommands) {
      await chats.start(
        core.handler,
        async (actor) => homeCard(await homeView(view, actor)),
        async (actor) => greetingCard(await greetingView(view, actor)),
      );
    } else await chats.expect(directory);
    closers.push(() => chats.stop());
    await worker.start();
    const repeated = [
      repeat(POLICY_CHECK_MS, () => policyWatch.checkPolicies()),
      repeat(WAITING_CHECK_MS, () => core.checkWaiting()),
      repeat(CAUSES_MS, () => core.askCauses()),
      repeat(CODIFY_MS, async () => core.codify?.wake()),
      repeat(TREND_MS, () => core.keepTrend()),
    ];
    for (const each of repeated) closers.push(() => each.stop());

    const stackOf = (name: string): Stack | undefined => directory.stacks.find((s) => s.name === name);
    const check = async (name: string, trigger: Trigger): Promise<void> => {
      const stack = stackOf(name);
      if (stack) await worker.check(stack, trigger, M0);
    };
    const pushSources = () =>
      discoveries.sources.map((each) => ({ ...each, pollMs: each.pollMs ?? UNPOLLED_MS }));
    const pushes = watchPushes({
      ...{ stacks: directory.stacks, code: mirrors, store, keyOf: repositoryKey, log },
      inOrder: (stacks) => inRoundOrder(stacks, worker.upstreamOf),
      onPush: (stack) => check(stack, 'push'),
      sources: pushSources(),
      onHead: (from, commit) => discoveries.look(from, commit),
    });
    closers.push(() => pushes.stop());
    const schedule = await startSchedule({
      stacks: directory.stacks,
      now: clock,
      onTick: async (name) => {
        const stack = stackOf(name);
        if (stack) await checkOnSchedule({ store, worker, clock }, stack);
      },
      lastTick: store.lastTick,
      jitterOf: jitterAfter(liveJitterOf(live), worker.upstreamOf),
      setLastTick: store.setLastTick,
      log,
    });
    const followed = followStacks({
      ...{ live, worker, schedule, log },
      pushes: { follow: (stacks) => pushes.follow(stacks, pushSources()) },
      check: (stack) => worker.check(stack, 'push', M0),
      onChange: () => {
        chats.refreshHomes();
        dispatcher.wake();
        void chats.expect(directory);
      },
    });
    const unsubscribe = removeUnwatchedFolders(live, runner, log);
    closers.push(async () => unsubscribe());
    discoveries.follow(live, (change) => followed.changed(change));
    live.subscribe((now, before) => {
      // At once: who may act counts from that moment.
      if (now.people !== before.people) chats.follow(now.people);
    });
    const followers = [
      repeat(WAITING_CHECK_MS, () => followed.retry()),
      repeat(WORKSPACES_MS, () => discoveries.listWorkspaces()),
    ];
    for (const each of followers) closers.push(() => each.stop());
    closers.push(async () => discoveries.stop());
    if (options.firstChecks !== false) {
      const first = repeat(FIRST_CHECKS_MS, () => core.firstChecks.look());
      closers.push(() => first.stop());
    }
    const digests = await startDigests(config.digests, view, dispatcher, log);
    const schedules = [schedule, digests.schedule];
    following = followConfig({
      ...{ origin: options.source, variables: environment.variables, keyOf: repositoryKey },
      ...{ inUse, directoryOf: withinChats, store, discoveries, live, clock, log },
      refuse(next) {
        refuseMissingChats(next);
        openPagerDuty(environment.pagerduty, next.directory.oncall, clock);
      },
      async onUsed(next) {
        await digests.follow(next.digests);
        await chats.expect(directory, next.digests);
      },
      onTold: () => dispatcher.wake(),
    });
    http.serve({
      ready: createReadiness({
        ...{ store, directory, clock, tools },
        database: databaseKind(environment.databaseUrl),
        // Without its connection a chat that only takes messages is no problem.
        chats: takesCommands ? chats.healthy : () => [],
        leftTools: async () => (await store.toolProcesses?.left()) ?? [],
        workers: async () => [{ labels }, ...((await shared?.workers()) ?? [])],
        refusedWork: refusedWork(shared, clock),
        folders: [
          environment.dataDir,
          ...(isPostgres(environment.databaseUrl) ? [] : [dirname(databaseFile(environment.databaseUrl))]),
        ],
        schedules: () => schedules,
        failedFetches: () => mirrors.failedFetches(),
        config: configStatus,
        rotationProblems: () => [...rotationProblems].map(([rota, problem]) => ({ rota, problem })),
      }),
      metrics: () => metrics.text(),
      routes: [
        ...(takesCommands ? chats.routes : []),
        createGitWebhook({
          secret: environment.gitWebhookSecret,
          pollNow: (addresses) => pushes.pollNow(addresses) + (following?.pollNow(addresses) ?? 0),
          clock,
          log,
        }),
      ],
    });
    closers.push(async () => schedule.stop());
    closers.push(async () => digests.schedule.stop());
    const retention = startRetention({
      ...{ store, clock, log },
      keep: {
        get runsMs() {
          return inUse.config.retention.runsMs;
        },
        get checksMs() {
          return inUse.config.retention.checksMs;
        },
      },
    });
    closers.push(() => retention.stop());
    await following.start();
    closers.push(async () => following?.stop());
    log.info({ url: http.url, stacks: directory.stacks.length }, 'm0 is at work');

    return {
      url: http.url,
      store,
      lost,
      reload: () => following?.look(),
      runs: (stack) => store.runs({ stack, limit: 200 }),
      async checkAll() {
        const round = inRoundOrder(directory.stacks, worker.upstreamOf);
        await worker.checkAll(round, 'schedule', M0);
      },
      close: closers.closeAll,
    };
  } catch (error) {
    await closers.closeAll();
    throw error;
  }
}

/** Creates all adapters, connects them to the core, starts everything and stops it again. */
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { sendDigest } from './alerts/digest.ts';
import type { ViewParts } from './alerts/drift-view.ts';
import { greetingView, homeView } from './alerts/home.ts';
import type { OutboxDispatcher } from './alerts/outbox-dispatcher.ts';
import { openArtifacts } from './artifacts/open-artifacts.ts';
import type { Logger } from './base/log.ts';
import { type ChatsOptions, openChats, refuseMissingChats, withinChats } from './chat/chats.ts';
import type { Environment } from './config/environment.ts';
import type { Config } from './config/load.ts';
import { createCore } from './core.ts';
import { createMirrors } from './git/mirrors.ts';
import { repositoryKey } from './git/remote.ts';
import { watchedMirrors } from './git/watched-mirrors.ts';
import { createGitWebhook } from './http/git-webhook.ts';
import { createReadiness } from './http/readiness.ts';
import { type HttpServer, startHttp } from './http/server.ts';
import { greetingCard } from './messages/greeting-card.ts';
import { homeCard } from './messages/home-card.ts';
import { createMetrics } from './metrics/metrics.ts';
import type { Clock, Stack } from './model/directory.ts';
import { type Actor, M0, type Run, type Trigger } from './model/run.ts';
import { openPagerDuty } from './people/pagerduty/pagerduty.ts';
import { createPolicies } from './policy/policies.ts';
import type { Store } from './ports/store.ts';
import { checkOnSchedule } from './runs/scheduled-check.ts';
import { jitterOf } from './schedule/jitter.ts';
import { watchPushes } from './schedule/push.ts';
import { repeat } from './schedule/repeat.ts';
import { type Schedule, startSchedule } from './schedule/schedule.ts';
import { type Tools, toolsForStacks } from './setup/tools.ts';
import { databaseFile, openStore } from './store/open.ts';
import { startRetention } from './store/retention.ts';
import { createRunner } from './terraform/runner.ts';
import { chooseStackUser, SHARED_MEANS } from './terraform/stack-user-default.ts';

export interface ServeOptions {
  readonly config: Config;
  readonly environment: Environment;
  readonly tools: Tools;
  /** The environment variables of which child processes get a selection (PATH, HOME, proxies). */
  readonly base: Readonly<Record<string, string | undefined>>;
  readonly log: Logger;
  /** Returns the time in ms since epoch; the system clock by default. */
  readonly clock?: Clock;
  /** Aborts the start: m0 then stops waiting for the owner of its database. */
  readonly stop?: AbortSignal;
  /** A Bot Connector to use instead of Microsoft's, as in the sandbox. */
  readonly teamsConnector?: ChatsOptions['teamsConnector'];
}

export interface Service {
  /** The address of the HTTP endpoints (health, metrics). */
  readonly url: string;
  readonly store: Store;
  /** The newest 200 runs of the stack, newest first. */
  runs(stack: string): Promise<readonly Run[]>;
  /** Queues a check of every stack. */
  checkAll(): Promise<void>;
  /** Resolves when another process has taken over the database. Then call `close`. */
  readonly lost: Promise<void>;
  /** Takes no new work, waits for running applies, delivers due messages, and closes everything. Never rejects. */
  close(): Promise<void>;
}

const KEY_NAME = 'fingerprint-key';

/** The secret key of the fingerprints. It is created once and stored in the database with them. */
async function fingerprintKey(store: Store): Promise<string> {
  const known = await store.value(KEY_NAME);
  if (known !== undefined) return known;
  const created = randomBytes(32).toString('hex');
  await store.setValue(KEY_NAME, created);
  return created;
}

/** The version of m0 (from package.json), of Node and of the tools. */
function versions(tools: Tools): Readonly<Record<string, string>> {
  const own = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  const { terraform = '', tofu = '', opa = '' } = tools.versions;
  return { version: own.version, node: process.versions.node, terraform, tofu, opa };
}

/** Sends each digest of m0.yaml at its times. A digest that was due while m0 was down is sent once. */
function startDigests(
  digests: Config['digests'],
  parts: ViewParts,
  dispatcher: OutboxDispatcher,
  log: Logger,
): Promise<Schedule> {
  const named = digests.map((digest, i) => ({ ...digest, name: `digest ${i}` }));
  return startSchedule({
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
}

/** How often m0 checks the status of the policies. */
const POLICY_CHECK_MS = 30_000;
/** How often m0 checks for snoozes that have ended and for unanswered questions. */
const WAITING_CHECK_MS = 15_000;

/** Starts m0. If a part can't start, closes everything again and rejects. */
export async function serve(options: ServeOptions): Promise<Service> {
  const { config, environment, tools, base, log, teamsConnector } = options;
  const directory = withinChats(config);
  const clock = options.clock ?? Date.now;
  refuseMissingChats(config);
  const pagerduty = openPagerDuty(environment.pagerduty, directory.oncall, clock);
  const closers: (() => Promise<void>)[] = [];
  const closeAll = async (): Promise<void> => {
    // An error while closing one part must not stop the closing of the others.
    for (const close of closers.reverse()) {
      await close().catch((error: unknown) => log.error({ err: error }, 'closing a part failed'));
    }
  };

  try {
    const lost = Promise.withResolvers<void>();
    // While m0 waits for the database, the HTTP server already answers liveness probes.
    let waitingReason = '';
    let http: HttpServer | null = null;
    const listen = async (): Promise<HttpServer> => {
      http ??= await startHttp({
        ...{ host: environment.host, port: environment.port, log, routes: null },
        ready: async () => ({
          ok: false,
          problems: [{ part: 'm0', problem: `is starting${waitingReason}` }],
        }),
        metrics: async () => '',
      });
      return http;
    };
    closers.push(async () => http?.close());
    const store = await openStore({
      url: environment.databaseUrl,
      log,
      owner: {
        wait: environment.waitForOwner,
        ...(options.stop === undefined ? {} : { signal: options.stop }),
        async onWaiting({ host, pid, since }) {
          const about = { host, pid, since: new Date(since).toISOString() };
          waitingReason = `: it waits for the m0 on ${host} (process ${pid}), which owns the database since ${about.since}`;
          log.warn(about, 'waiting for the m0 that owns the database');
          await listen();
        },
        onLost() {
          log.error('another m0 has taken over the database: this one stops');
          lost.resolve();
        },
      },
    });
    closers.push(() => store.close());
    const httpServer = await listen();
    const key = await fingerprintKey(store);
    const mirrors = watchedMirrors(
      createMirrors({
        dir: join(environment.dataDir, 'git'),
        log,
        base,
        credentials: config.credentials,
      }),
      clock,
    );
    const artifacts = openArtifacts({
      location: environment.artifacts,
      dataDir: environment.dataDir,
      s3Endpoint: environment.s3Endpoint,
      region: base.AWS_REGION ?? base.AWS_DEFAULT_REGION ?? 'us-east-1',
    });
    const { stackUser, shared } = await chooseStackUser({
      wanted: environment.stackUser,
      uid: process.getuid?.(),
      dataDir: environment.dataDir,
      needed: toolsForStacks(tools),
    });
    if (shared !== null) {
      const todo = 'see M0_STACK_USER in docs/configuration.md';
      log.warn({ why: shared, means: SHARED_MEANS, todo }, "stacks run as m0's own user");
    }
    const runner = createRunner({
      toolProcesses: store.toolProcesses,
      dataDir: environment.dataDir,
      tools: { ...tools, cliConfig: tools.terraformCliConfig },
      base,
      stackUser,
      mirrors,
      artifacts,
      keepPlans: environment.keepPlans,
      log,
      clock,
      key,
    });
    const emailOf = (actor: Actor): string | null =>
      directory.people.find((p) => p.key === actor.person)?.email ?? null;
    const policies = createPolicies({
      dataDir: environment.dataDir,
      opa: tools.opa,
      mirrors,
      log,
      clock,
      emailOf,
    });
    closers.push(async () => policies.close());

    const chats = await openChats({ config, environment, store, log, clock, teamsConnector });
    const rotationProblems = new Map<string, string>();
    const metrics = createMetrics({
      ...{ store, directory, clock, log },
      chats: chats.healthy,
      build: versions(tools),
    });
    const core = createCore({
      ...{ store, runner, policies, directory, clock, log, pagerduty },
      chats: chats.ports,
      usergroup: (id) => chats.usergroup(id),
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
    dispatcher.start();
    closers.push(() => dispatcher.drain());
    closers.push(() => worker.drain());
    await chats.start(
      core.handler,
      async (actor) => homeCard(await homeView(view, actor)),
      async (actor) => greetingCard(await greetingView(view, actor)),
    );
    closers.push(() => chats.stop());
    await worker.start();
    const repeated = [
      repeat(POLICY_CHECK_MS, () => policyWatch.checkPolicies()),
      repeat(WAITING_CHECK_MS, () => core.checkWaiting()),
    ];
    for (const each of repeated) closers.push(() => each.stop());

    const stackOf = (name: string): Stack | undefined => directory.stacks.find((s) => s.name === name);
    const check = async (name: string, trigger: Trigger): Promise<void> => {
      const stack = stackOf(name);
      if (stack) await worker.check(stack, trigger, M0);
    };
    const pushes = watchPushes({
      ...{ stacks: directory.stacks, code: mirrors, store, keyOf: repositoryKey, log },
      onPush: (stack) => check(stack, 'push'),
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
      jitterOf: jitterOf(directory.stacks),
      setLastTick: store.setLastTick,
      log,
    });
    const schedules = [schedule];
    httpServer.serve({
      ready: createReadiness({
        ...{ store, directory, clock, tools },
        chats: chats.healthy,
        leftTools: async () => (await store.toolProcesses?.left()) ?? [],
        folders: [environment.dataDir, dirname(databaseFile(environment.databaseUrl))],
        schedules: () => schedules,
        failedFetches: () => mirrors.failedFetches(),
        rotationProblems: () => [...rotationProblems].map(([rota, problem]) => ({ rota, problem })),
      }),
      metrics: () => metrics.text(),
      routes: [
        ...chats.routes,
        createGitWebhook({
          secret: environment.gitWebhookSecret,
          pollNow: (addresses) => pushes.pollNow(addresses),
          clock,
          log,
        }),
      ],
    });
    closers.push(async () => schedule.stop());
    const digests = await startDigests(config.digests, view, dispatcher, log);
    schedules.push(digests);
    closers.push(async () => digests.stop());
    const retention = startRetention({ store, clock, log });
    closers.push(() => retention.stop());
    log.info({ url: httpServer.url, stacks: directory.stacks.length }, 'm0 is at work');

    return {
      url: httpServer.url,
      store,
      lost: lost.promise,
      runs: (stack) => store.runs({ stack, limit: 200 }),
      async checkAll() {
        for (const stack of directory.stacks) await check(stack.name, 'schedule');
      },
      close: closeAll,
    };
  } catch (error) {
    await closeAll();
    throw error;
  }
}

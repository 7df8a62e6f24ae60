/** Starts a replica of the bot beside the m0 that owns the database: it takes commands and clicks, and answers them. */
import { greetingView, homeView } from './alerts/home.ts';
import { errorText } from './base/error-text.ts';
import { type Chats, openChats, refuseMissingChats } from './chat/chats.ts';
import { followOwner } from './follow-owner.ts';
import { type Readiness, startHttp } from './http/server.ts';
import { type Beside, type BesideOptions, joinOwner } from './join-owner.ts';
import { greetingCard } from './messages/greeting-card.ts';
import { homeCard } from './messages/home-card.ts';
import { refusalCard } from './messages/short-cards.ts';
import { emailIn } from './people/email.ts';
import { openPagerDuty } from './people/pagerduty/pagerduty.ts';
import { drawPicture } from './pictures/draw.ts';
import { createPolicies } from './policy/policies.ts';
import type { CommandHandler } from './ports/chat.ts';
import { createReplicaCore } from './replica-core.ts';
import { repeat } from './schedule/repeat.ts';
import { artifactsOf, mirrorsOf } from './stack-runner.ts';
import { databaseKind } from './store/inspect.ts';
import { createPlanFiles } from './terraform/plan-files.ts';

export interface RunningBot extends Beside {
  /** The address of the HTTP endpoints. */
  readonly url: string;
}

/** How often a replica looks for commands that another one has left, and for another m0.yaml, in ms. */
const LOOK_MS = 15_000;

/** Starts it. Rejects with a ConfigError where something must be set differently, and if a part can't start. */
export function serveBot(options: BesideOptions): Promise<RunningBot> {
  const { reader, environment, tools, base, log } = options;
  const clock = Date.now;
  // It does no jobs.
  return joinOwner(options, [], async ({ store, shared, closers }) => {
    const owner = await followOwner(reader, store, environment.variables);
    const { live } = owner;
    const { directory } = live;
    const config = { ...owner.config(), directory };
    refuseMissingChats(config);
    const mirrors = mirrorsOf({ environment, base, log, credentials: () => owner.config().credentials });
    const policies = createPolicies({
      ...{ dataDir: environment.dataDir, opa: tools.opa, mirrors, log, clock },
      emailOf: emailIn(directory),
    });
    closers.push(async () => policies.close());
    const chats = await openChats({ config, environment, store, log, clock, drawPicture });
    const planFiles = createPlanFiles(artifactsOf(options));
    const core = createReplicaCore({
      ...{ store, shared, policies, directory, clock, log, chats: chats.ports },
      usergroup: (id) => chats.usergroup(id),
      pagerduty: openPagerDuty(environment.pagerduty, directory.oncall, clock),
      runner: {
        discard: ({ artifact }) => planFiles.discard(artifact),
        async discardAllBut() {},
        async discardOfIdle() {},
      },
    });
    live.subscribe((now, before) => {
      if (now.people !== before.people) chats.follow(now.people);
    });
    // Who may act, and on which stacks, is what the owner's m0.yaml says at that moment.
    const handler: CommandHandler = async (incoming) => {
      const problem = await owner.follow().catch(errorText);
      if (problem === null) return core.handler(incoming);
      log.warn({ problem }, 'this replica can carry out no command');
      return { type: 'private', card: refusalCard(`Nothing was done: ${problem}.`) };
    };
    await core.start();
    await owner.follow();
    await chats.start(
      handler,
      async (actor) => homeCard(await homeView(core.view, actor)),
      async (actor) => greetingCard(await greetingView(core.view, actor)),
    );
    closers.push(() => chats.stop());
    const stopListening = shared.onChange(() => chats.refreshHomes());
    closers.push(async () => stopListening());
    const looking = repeat(LOOK_MS, async () => {
      const problem = await owner.follow().catch(errorText);
      if (problem !== null)
        log.warn({ problem }, 'this replica does not work as the owner of the database does');
      await chats.catchUp();
    });
    closers.push(() => looking.stop());
    const http = await startHttp({
      ...{ host: environment.host, port: environment.port, log },
      ready: () => readiness(chats, store.probe(clock()), databaseKind(environment.databaseUrl)),
      metrics: async () => '',
      routes: chats.routes,
    });
    closers.push(() => http.close());
    log.info({ url: http.url, stacks: directory.stacks.length }, 'the replica is at work');
    return { url: http.url };
  });
}

/** What `/readyz` of a replica answers: whether it can take commands. */
async function readiness(
  chats: Pick<Chats, 'healthy'>,
  probe: Promise<void>,
  database: NonNullable<Readiness['database']>,
): Promise<Readiness> {
  const unwritable = await probe.then(
    () => null,
    (error: unknown) => errorText(error),
  );
  const health = chats.healthy();
  return {
    ok: unwritable === null && health.every(({ ok }) => ok),
    database,
    problems: [
      ...(unwritable === null ? [] : [{ part: 'store', problem: unwritable }]),
      ...health.flatMap(({ platform, ok, problem }) =>
        ok && problem === null ? [] : [{ part: platform, problem: problem ?? 'it is not there' }],
      ),
    ],
  };
}

/**
 * m0 in a process of its own, with its real store, Git, Terraform and Git host: asks for what drifted, once, and works
 * until it has come as far as the order says. argv[2] is a CodifyOrder.
 */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createLogger } from '../../src/base/log.ts';
import { editCode } from '../../src/codify/edit/edit-code.ts';
import { createCore } from '../../src/core.ts';
import { createForge } from '../../src/forge/forge.ts';
import { createMirrors } from '../../src/git/mirrors.ts';
import { createCodeChanges } from '../../src/git/own-commits.ts';
import { createPusher } from '../../src/git/push.ts';
import { remoteOf } from '../../src/git/remote.ts';
import type { CodificationState } from '../../src/model/codification.ts';
import { createLiveDirectory } from '../../src/model/live-directory.ts';
import { M0 } from '../../src/model/run.ts';
import type { Change } from '../../src/ports/store.ts';
import { openStore } from '../../src/store/open.ts';
import { directory as aDirectory, stack as aStack } from '../support/directory.ts';
import { FakeChat } from '../support/fake-chat.ts';
import { FakeCloud } from '../support/fake-cloud.ts';
import { asMovedInCloud } from '../support/moved-in-cloud.ts';
import { runnerIn } from '../support/runner.ts';
import { DANA } from '../support/runs.ts';
import { killThisProcess } from './points.ts';

export interface CodifyOrder {
  /** m0's data folder. */
  readonly dataDir: string;
  /** Address of the repository on the Git host, and the token for it. */
  readonly git: string;
  readonly token: string;
  readonly terraform: string;
  readonly cliConfig: string;
  readonly until: CodificationState;
  /** The process kills itself around the commit that brings the question to this state; null: not by itself. */
  readonly kill: { readonly state: CodificationState; readonly side: 'before' | 'after' } | null;
}

/** Longer than m0 waits before it asks the host again, and before it tries again what failed once. */
const AHEAD_MS = 61_000;
const LEASE_MS = 2_000;
const LOOK_MS = 50;
const WORKING = ['queued', 'planning', 'deciding'];
const { dataDir, git, token, terraform, cliConfig, until, kill } = JSON.parse(
  process.argv[2] ?? '',
) as CodifyOrder;

let ahead = 0;
const clock = (): number => Date.now() + ahead;
const log = createLogger('error');
const owner = { wait: true, leaseMs: LEASE_MS, onLost: () => process.exit(3) };
const stored = await openStore({ url: `file:${join(dataDir, 'm0.db')}`, log, owner });

function reaches(changes: readonly Change[]): boolean {
  return changes.some(
    (one) =>
      (one.type === 'codification.insert' && one.codification.state === kill?.state) ||
      (one.type === 'codification.update' &&
        one.codification.state === kill?.state &&
        one.was.state !== kill.state),
  );
}

const store: typeof stored = {
  ...stored,
  async commit(changes) {
    const isHere = reaches(changes);
    if (isHere && kill?.side === 'before') killThisProcess();
    const done = await stored.commit(changes);
    if (isHere) killThisProcess();
    return done;
  },
};

const mirrors = createMirrors({ dir: join(dataDir, 'git'), log, base: process.env });
const stack = aStack({
  ...{ name: 'prod', workspace: 'default', source: { git, ref: 'main', path: 'net' } },
  approvers: { from: ['dana'], need: 1, notTheAuthor: false },
});
const { directory } = createLiveDirectory(aDirectory({ stacks: [stack] }));
const { hostname } = new URL(git);
const scope = remoteOf(git);
if (scope === null) throw new Error('the address of the repository is none');
const tools = { terraform, tofu: null, cliConfig };
const core = createCore({
  key: 'test-key',
  ...{ store, directory, log, clock, concurrency: 1, usergroup: async () => [] },
  chats: new Map([['slack', new FakeChat(['C0OPS'])]]),
  policies: new FakeCloud(() => store, clock),
  runner: asMovedInCloud(
    runnerIn(dataDir, tools, { mirrors, log, clock, toolProcesses: store.toolProcesses }),
  ),
  codify: {
    code: createCodeChanges(mirrors, process.env),
    forge: createForge({
      credentials: () => [
        { kind: 'token', name: 'credentials[0]', for: git, scope, username: null, readToken: () => token },
      ],
      kinds: () => ({ [hostname]: 'github' }),
      pusher: createPusher({ dir: join(dataDir, 'push'), base: process.env }),
      ...{ mirrors, clock, log },
    }),
    edit: editCode,
  },
});
await core.worker.start();

/** The check that finds the drift; an earlier process may have made it. */
async function checked(): Promise<number> {
  const [known] = await store.runs({ stack: stack.name, states: ['awaiting_approval', 'quiet'], limit: 1 });
  const { id } = known ?? (await core.worker.check(stack, 'command', M0));
  for (;;) {
    const run = await store.run(id);
    if (run && !WORKING.includes(run.state)) return run.id;
    await sleep(LOOK_MS);
  }
}

// Whoever clicked sees that nothing came of it if the question was not stored, and clicks again.
if ((await store.codifications({})).length === 0) {
  const run = await checked();
  await core.handler({
    ...{ text: `codify #${run}`, actor: DANA, answers: null, from: null },
    place: { platform: 'slack', channel: 'C0OPS' },
  });
}
for (;;) {
  await core.codify?.look();
  const [one] = await store.codifications({});
  if (one === undefined) throw new Error('nobody asked');
  if (one.state === until) break;
  if (['refused', 'disagreed', 'closed', 'failed', 'done'].includes(one.state)) {
    throw new Error(`it is ${one.state}: ${one.why}`);
  }
  if (one.trouble !== null) process.stdout.write(`trouble: ${one.trouble}\n`);
  ahead += AHEAD_MS;
  await sleep(LOOK_MS);
}
await core.codify?.drain();
await core.worker.drain();
await store.close();

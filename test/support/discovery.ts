/** m0's core with the stacks that it finds in a real Git repository, by the rules of an m0.yaml. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLogger } from '../../src/base/log.ts';
import { loadConfig } from '../../src/config/load.ts';
import { createDiscoveries, type Discoveries } from '../../src/discovery/discoveries.ts';
import { type FollowStacks, followStacks } from '../../src/follow-stacks.ts';
import { scrubUrl } from '../../src/git/address.ts';
import { createMirrors, type Mirrors } from '../../src/git/mirrors.ts';
import { repositoryKey } from '../../src/git/remote.ts';
import type { Stack } from '../../src/model/directory.ts';
import { M0 } from '../../src/model/run.ts';
import { isValidCron } from '../../src/schedule/cron.ts';
import { type PushWatch, watchPushes } from '../../src/schedule/push.ts';
import { type Schedule, startSchedule } from '../../src/schedule/schedule.ts';
import { Core } from './core.ts';
import { plainTextOf } from './fake-chat.ts';
import { git, makeRepo } from './terraform-repo.ts';

const NEVER_MS = 3_600_000;

/** The file of a root whose state is in the bucket under that key. */
export function rootFile(key: string): string {
  return `terraform {\n  backend "s3" {\n    bucket = "acme"\n    key    = "${key}"\n  }\n}\n\nresource "terraform_data" "a" {\n  input = "${key}"\n}\n`;
}

export const HEAD = `chat: { slack: {} }
people: { dana: { slack: U0DANA }, kim: { slack: U0KIM } }
groups: { sre: [dana, kim] }
policies: { tags-auto: { git: ./policies } }
defaults: { channels: [slack:C0OPS], policies: [tags-auto], approvers: { from: [sre] }, schedule: "0 */2 * * *" }
`;

export class DiscoveryCore {
  readonly dir = mkdtempSync(join(tmpdir(), 'm0-found-'));
  readonly repo: string;
  readonly mirrors: Mirrors;
  core!: Core;
  discoveries!: Discoveries;
  pushes!: PushWatch;
  schedule!: Schedule;
  followed!: FollowStacks;
  /** The workspaces that exist, by the folder of the root; a text is why they can't be listed. */
  readonly workspaces = new Map<string, readonly string[] | string>();
  #rules: string;

  private constructor(files: Readonly<Record<string, string>>, rules: string) {
    this.repo = makeRepo(join(this.dir, 'infra'), files);
    this.#rules = rules;
    this.mirrors = createMirrors({
      dir: join(this.dir, 'mirrors'),
      log: createLogger('silent'),
      base: process.env,
    });
  }

  /** `rules`: m0.yaml without its head; REPO in it is the repository. */
  static async open(files: Readonly<Record<string, string>>, rules: string): Promise<DiscoveryCore> {
    const world = new DiscoveryCore(files, rules);
    world.core = await Core.open([]);
    await world.start();
    return world;
  }

  /** Starts m0 on the same memory, as after a restart. */
  async start(rules = this.#rules): Promise<void> {
    await this.pushes?.stop();
    this.schedule?.stop();
    this.#rules = rules;
    const file = join(this.dir, 'm0.yaml');
    writeFileSync(file, `${HEAD}${rules.replaceAll('REPO', this.repo)}`);
    const config = await loadConfig(file, {}, isValidCron);
    const { core, mirrors } = this;
    this.discoveries = createDiscoveries({
      ...{ rules: config.discover, base: config.directory, repositories: mirrors, store: core.store },
      ...{ keyOf: repositoryKey, shown: scrubUrl, clock: () => core.now, log: core.log },
      workspaces: async ({ source }) => {
        const found = this.workspaces.get(source.path) ?? ['default'];
        if (typeof found === 'string') throw new Error(found);
        return found;
      },
    });
    await core.restart(await this.discoveries.open());
    const { live, worker } = core;
    const stackOf = (name: string): Stack | undefined => live.directory.stacks.find((s) => s.name === name);
    this.schedule = await startSchedule({
      stacks: live.directory.stacks,
      now: () => core.now,
      onTick: () => {},
      lastTick: core.store.lastTick,
      setLastTick: core.store.setLastTick,
      log: core.log,
    });
    this.pushes = watchPushes({
      stacks: live.directory.stacks.map((s) => ({ ...s, pollMs: NEVER_MS })),
      ...{ code: mirrors, store: core.store, keyOf: repositoryKey, log: core.log },
      onPush: async (name) => {
        const stack = stackOf(name);
        if (stack) await worker.check(stack, 'push', M0);
      },
      sources: this.discoveries.sources.map((s) => ({ ...s, pollMs: NEVER_MS })),
      onHead: (source, commit) => this.discoveries.look(source, commit),
    });
    this.followed = followStacks({
      ...{ live, worker, pushes: this.pushes, schedule: this.schedule, log: core.log },
      check: (stack) => worker.check(stack, 'push', M0),
      onChange: () => {},
    });
    this.discoveries.follow(live, (change) => this.followed.changed(change));
    await core.untilIdle();
    await core.deliver();
  }

  /** m0 sees what was committed, and does what follows from it. */
  async push(): Promise<string> {
    const { commit } = await this.mirrors.fetch(this.repo, 'main');
    await this.discoveries.look({ git: this.repo, ref: 'main' }, commit);
    await this.core.untilIdle();
    await this.core.deliver();
    return commit;
  }

  /** Moves or deletes with git, and commits. */
  git(...args: string[]): void {
    git(this.repo, ...args);
    git(this.repo, '-c', 'user.name=Kim', '-c', 'user.email=kim@acme.dev', 'commit', '-qm', 'x');
  }

  names(): readonly string[] {
    return this.core.live.directory.stacks.map((s) => s.name);
  }

  /** The texts of all messages in #ops, in their order. */
  said(): readonly string[] {
    return this.core.chat.in('C0OPS').map(({ card }) => plainTextOf(card));
  }

  async close(): Promise<void> {
    await this.pushes.stop();
    this.schedule.stop();
    await this.core.close();
    rmSync(this.dir, { recursive: true, force: true });
  }
}

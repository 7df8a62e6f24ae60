/**
 * Measures what putting drift into the code costs in a repository of 200 files, from the question to the open pull
 * request, against the same tool run as a person would run it: `init`, `plan` and `show` in a fresh clone.
 */
import { execFileSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { editCode } from '../../src/codify/edit/edit-code.ts';
import { type Core, createCore } from '../../src/core.ts';
import { createCodeChanges } from '../../src/git/own-commits.ts';
import type { Stack } from '../../src/model/directory.ts';
import { createLiveDirectory } from '../../src/model/live-directory.ts';
import { M0, type Run } from '../../src/model/run.ts';
import type { Store } from '../../src/ports/store.ts';
import { commitAs, KIM } from '../../src/sandbox/cloud/sample-git.ts';
import { SAMPLE } from '../../src/sandbox/cloud/sample-infra.ts';
import { openStore } from '../../src/store/open.ts';
import { stackFolder } from '../../src/terraform/work-tree.ts';
import { bareForge } from '../support/bare-forge.ts';
import { startTestCloud, type TestCloud } from '../support/cloud.ts';
import { aCodification } from '../support/codifications.ts';
import { directory as aDirectory } from '../support/directory.ts';
import { FakeChat } from '../support/fake-chat.ts';
import { FakeCloud } from '../support/fake-cloud.ts';
import { poll } from '../support/world.ts';
import { type Cost, costOf } from './cost.ts';
import type { Limit } from './table.ts';

const FILES = 200;
/** As many of them are in the stack's own folder. */
const OWN_FILES = 60;
const WEB = `aws_security_group.${SAMPLE.securityGroup}`;
const BRANCH = 'm0/prod-network/bench';
/** Longer than m0 waits before it asks the host again about an open pull request. */
const NEXT_QUESTION_MS = 61_000;
const WORKING = ['queued', 'planning', 'deciding'];

/** Fills the repository up to 200 files, none of which changes what is planned. */
async function fill(here: TestCloud): Promise<void> {
  const dir = here.cloud.repos.infra;
  const there = (await execa('git', ['ls-files'], { cwd: dir })).stdout.split('\n').length;
  const files = Array.from({ length: FILES - there }, (_, i): readonly [string, string] => {
    const name = `part_${String(i).padStart(3, '0')}`;
    if (i < OWN_FILES) {
      const text = `locals {\n  ${name} = {\n    owner = "platform"\n    ports = [443, ${8000 + i}]\n  }\n}\n`;
      return [`${SAMPLE.stackPath}/${name}.tf`, text];
    }
    return [
      `modules/${name}/main.tf`,
      `variable "name" {\n  type = string\n}\n\noutput "name" {\n  value = "\${var.name}-${i}"\n}\n`,
    ];
  });
  await commitAs(dir, process.env, {
    ...{ author: KIM, at: Date.now() - 60_000, message: 'Add the other parts' },
    files: Object.fromEntries(files),
  });
}

/** The tool as a person runs it, in a new clone. The clone itself is not measured. */
async function bare(here: TestCloud, scratch: string): Promise<Cost> {
  const dir = await mkdtemp(join(scratch, 'clone-'));
  await execa('git', ['clone', '--quiet', here.cloud.repos.infra, dir]);
  const cwd = join(dir, SAMPLE.stackPath);
  const env = { ...here.cloud.stackEnv, TF_CLI_CONFIG_FILE: here.tools.terraformCliConfig, TF_INPUT: '0' };
  const run = (...args: string[]) => execa(here.tools.terraform ?? 'terraform', args, { cwd, env });
  const cost = await costOf(async () => {
    await run('init');
    await run('plan', '-lock=false', '-out=plan');
    await run('show', '-json', 'plan');
  });
  await rm(dir, { recursive: true, force: true });
  return cost;
}

class Codifying {
  readonly #here: TestCloud;
  readonly #stack: Stack;
  readonly #store: Store;
  readonly #core: Core;
  #later = 0;

  private constructor(here: TestCloud, stack: Stack, store: Store) {
    this.#here = here;
    this.#stack = stack;
    this.#store = store;
    const { log, mirrors, runner } = here;
    const clock = (): number => Date.now() + this.#later;
    const { directory } = createLiveDirectory(aDirectory({ stacks: [stack] }));
    this.#core = createCore({
      key: 'test-key',
      ...{ store, directory, log, clock, concurrency: 1, usergroup: async () => [], runner },
      chats: new Map([['slack', new FakeChat(['C0OPS'])]]),
      policies: new FakeCloud(() => store, clock),
      codify: { code: createCodeChanges(mirrors, process.env), forge: bareForge(), edit: editCode },
    });
  }

  static async start(here: TestCloud): Promise<Codifying> {
    const store = await openStore({ url: `file:${join(here.dir, 'm0.db')}`, log: here.log });
    const one = new Codifying(here, here.stack(), store);
    await one.#core.worker.start();
    return one;
  }

  async close(): Promise<void> {
    await this.#core.codify?.drain();
    await this.#core.worker.drain();
    await this.#store.close();
  }

  /** A check of the stack: the drift was found at some time before somebody asks. */
  async check(): Promise<Run> {
    const { id } = await this.#core.worker.check(this.#stack, 'command', M0);
    return poll(async () => {
      const run = await this.#store.run(id);
      return run && !WORKING.includes(run.state) ? run : undefined;
    });
  }

  /** From the question to the open pull request, in a work tree that is made anew. */
  async cost(): Promise<Cost> {
    const run = await this.check();
    const finding = run.findings.find(({ address }) => address === WEB);
    if (finding === undefined) throw new Error('measuring a codify: the check found no drift');
    await rm(stackFolder(join(this.#here.dataDir, 'work'), `${this.#stack.name} (edited)`), {
      ...{ recursive: true, force: true },
    });
    const now = Date.now() + this.#later;
    const codification = aCodification({
      ...{ stack: this.#stack.name, address: WEB, fingerprint: finding.fingerprint, run: run.id },
      ...{ alert: null, at: now, updatedAt: now, branch: BRANCH },
    });
    const cost = await costOf(async () => {
      await this.#store.commit([{ type: 'codification.insert', codification }]);
      await this.#core.codify?.look();
    });
    const [one] = await this.#store.codifications({ active: true });
    if (one?.state !== 'open') throw new Error(`measuring a codify: it is ${one?.state}: ${one?.why}`);
    await this.#end();
    return cost;
  }

  /** Takes the branch away, so that m0 gives it up and checks the stack again. */
  async #end(): Promise<void> {
    execFileSync('git', ['update-ref', '-d', `refs/heads/${BRANCH}`], { cwd: this.#here.cloud.repos.infra });
    this.#later += NEXT_QUESTION_MS;
    await this.#core.codify?.look();
    await poll(async () => {
      const active = await this.#store.codifications({ active: true });
      const [run] = await this.#store.runs({ stack: this.#stack.name, limit: 1 });
      return active.length === 0 && run && !WORKING.includes(run.state) ? run : undefined;
    });
  }
}

/** Returns the limits with measured values. Rejects if an edit is not proven. */
export async function codifyLimits(runs: number, scratch: string): Promise<Limit[]> {
  const here = await startTestCloud();
  const limits: Limit[] = [];
  const codifying = await Codifying.start(here);
  try {
    await fill(here);
    await here.cloud.console.run('open-ssh');
    for (const [name, most, before] of [
      [`a codify in ${FILES} files`, 1.3, async () => {}],
      // What is left is compared with a second plan, without the edit.
      ['the same, of one of two findings', 2.3, () => here.cloud.console.run('remove-tags')],
    ] as const) {
      await before();
      const bares: Cost[] = [];
      const ours: Cost[] = [];
      for (let run = 0; run < runs; run += 1) {
        bares.push(await bare(here, scratch));
        ours.push(await codifying.cost());
        const seconds = (cost: Cost | undefined): string =>
          `${((cost?.wall ?? 0) / 1000).toFixed(1)} s (CPU ${((cost?.cpu ?? 0) / 1000).toFixed(1)} s)`;
        process.stderr.write(`  ${name}: bare ${seconds(bares.at(-1))}, m0 ${seconds(ours.at(-1))}\n`);
      }
      const ratio = (of: (cost: Cost) => number): number[] =>
        ours.map((cost, i) => of(cost) / of(bares[i] ?? cost));
      const cpu = ratio((cost) => cost.cpu);
      limits.push({
        what: `${name}: time / init, plan and show`,
        measured: ratio((c) => c.wall),
        most,
        unit: '×',
      });
      if (!cpu.some(Number.isNaN)) {
        limits.push({ what: `${name}: CPU / init, plan and show`, measured: cpu, most, unit: '×' });
      }
    }
    return limits;
  } finally {
    await codifying.close();
    await here.close();
  }
}

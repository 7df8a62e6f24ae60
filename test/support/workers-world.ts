/** A world whose stacks are planned and applied by workers in processes of their own, over a real PostgreSQL. */
import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import type { Variables } from '../../src/config/environment.ts';
import type { Run } from '../../src/model/run.ts';
import { commitAs, KIM as KIM_WRITES } from '../../src/sandbox/cloud/sample-git.ts';
import type { SandboxCloud } from '../../src/sandbox/cloud/sandbox-cloud.ts';
import type { Message } from '../../src/sandbox/workspace/workspace.ts';
import type { AuditedStore } from '../../src/store/audited-store.ts';
import { databaseFor, databaseIn, type PostgresServer } from './postgres-server.ts';
import { type M0Process, m0Process } from './process.ts';
import { buttons, DANA, EVE, poll, startWorld, type World, words } from './world.ts';

/** The stacks by name, with their labels. */
export type LabelledStacks = Readonly<Record<string, string | undefined>>;

export interface WorkersWorld {
  readonly world: World;
  /** The process that owns the database. */
  readonly owner: M0Process;
  /** The folder of the plan files that all processes share. */
  readonly artifacts: string;
  /** The name of the database. */
  readonly database: string;
  /** Changes the code of the stack, so that a plan replaces its resource. */
  merge(stack: string, version: string): Promise<void>;
  /** What the applies of the stack have done: `began VERSION WORKER`, `made VERSION WORKER`. */
  tally(stack: string): Promise<readonly string[]>;
  /** The calls of Terraform for the stack: `COMMAND WORKER`, and `stopped WORKER` for a held plan that was interrupted. */
  calls(stack: string): Promise<readonly string[]>;
  /** Applies of the stack wait until it is opened. */
  shut(stack: string): Promise<void>;
  open(stack: string): Promise<void>;
  /** Plans of the stack wait until they are let go. */
  hold(stack: string): Promise<void>;
  letGo(stack: string): Promise<void>;
  runsOf(stack: string): Promise<readonly Run[]>;
  /** Waits until the newest run of the stack is in the state. */
  newest(stack: string, state: Run['state'], after?: number): Promise<Run>;
  /** Asks in chat for a check of the stack and waits for the run that asks for a decision. */
  ask(stack: string): Promise<Run>;
  /** Approves the run in chat: by the button of its card where it has one, else by the command. */
  approve(run: Run): Promise<void>;
  /** Waits until the text is in the thread of a card, and returns all such messages. */
  said(text: string): Promise<readonly Message[]>;
  planFiles(): Promise<readonly string[]>;
  /** Whether the audit record is complete. */
  audit(): ReturnType<AuditedStore['verifyAudit']>;
  close(): Promise<void>;
}

/** The name of the database on another server. */
const DATABASE = 'm0';

/** Makes itself the resource of one stack: its creation waits for the file `open`, and says who does it. */
const MAIN = (version: string): string => `
resource "terraform_data" "job" {
  triggers_replace = "${version}"

  provisioner "local-exec" {
    command = <<-EOT
      echo "began ${version} $WORKER" >> "$DIR/tally"
      i=0
      while [ ! -e "$DIR/open" ] && [ $i -lt 6000 ]; do sleep 0.1; i=$((i + 1)); done
      echo "made ${version} $WORKER" >> "$DIR/tally"
    EOT
  }
}
`;

/** The state after an apply of `MAIN('v1')`. */
const MADE = JSON.stringify({
  ...{ version: 4, terraform_version: '1.4.0', serial: 1, lineage: 'made-before-m0', outputs: {} },
  resources: [
    {
      ...{ mode: 'managed', type: 'terraform_data', name: 'job' },
      provider: 'provider["terraform.io/builtin/terraform"]',
      instances: [
        {
          schema_version: 0,
          attributes: {
            ...{ id: 'made-before-m0', input: null, output: null },
            triggers_replace: { value: 'v1', type: 'string' },
          },
          sensitive_attributes: [],
        },
      ],
    },
  ],
});

/** Terraform that tells of its calls for a stack, and waits in front of a plan while the file `hold` is there. */
const TELLING = (terraform: string): string => `#!/bin/sh
if [ -n "$DIR" ]; then
  echo "$1 $WORKER" >> "$DIR/calls"
  if [ "$1" = plan ] && [ -e "$DIR/hold" ]; then
    trap 'echo "stopped $WORKER" >> "$DIR/calls"; exit 1' INT
    while [ -e "$DIR/hold" ]; do sleep 0.05; done
    trap - INT
  fi
fi
exec '${terraform}' "$@"
`;

const FIRST_TIME_IS_AUTO = `package m0

allow contains {"msg": "a job that is not there yet", "address": finding.address} if {
	some finding in input.m0.findings
	finding.action == "create"
}
`;

export interface MoreOfWorkers {
  /** Another server than the one of all tests. */
  readonly server?: PostgresServer;
  /** What the test adds to the m0.yaml of the stacks, and to the variables of all processes. */
  readonly config?: (yaml: string) => string;
  readonly variables?: Variables;
}

/**
 * Starts the owner with these roles, and no worker. `held`: the first plans of these stacks wait. `made`: these stacks are as
 * their code says, so that they post nothing: of more than three that drift within minutes none gets a card of its own.
 */
export async function startWorkersWorld(
  stacks: LabelledStacks,
  held: readonly string[] = [],
  roles = 'bot,scheduler',
  made: readonly string[] = [],
  more: MoreOfWorkers = {},
): Promise<WorkersWorld> {
  const place = mkdtempSync(join(tmpdir(), 'm0-workers-'));
  const url = more.server === undefined ? await databaseIn(place) : await more.server.create(DATABASE);
  const artifacts = join(place, 'plans');
  const dirOf = (stack: string): string => join(place, stack);
  const names = Object.keys(stacks);
  for (const name of names) mkdirSync(dirOf(name));
  for (const name of held) writeFileSync(join(dirOf(name), 'hold'), '');
  for (const name of made) writeFileSync(join(dirOf(name), 'state.tfstate'), MADE);
  const pathOf = (stack: string): string => `envs/prod/${stack}`;
  let repository = '';

  async function commit(files: Readonly<Record<string, string>>, message: string): Promise<void> {
    await commitAs(repository, process.env, { author: KIM_WRITES, at: Date.now(), message, files });
  }

  async function prepare({ repos }: SandboxCloud): Promise<void> {
    repository = repos.infra;
    const files = names.map((name) => [
      [
        `${pathOf(name)}/backend.tf`,
        `terraform {\n  backend "local" {\n    path = "${join(dirOf(name), 'state.tfstate')}"\n  }\n}\n`,
      ],
      [`${pathOf(name)}/main.tf`, MAIN('v1')],
    ]);
    await commit(Object.fromEntries(files.flat()), 'Add the jobs');
    await commitAs(repos.policies, process.env, {
      author: KIM_WRITES,
      at: Date.now(),
      message: 'A job that is not there yet is made by itself',
      files: { 'jobs-auto/jobs_auto.rego': FIRST_TIME_IS_AUTO },
    });
  }

  function config(yaml: string, { repos }: SandboxCloud): string {
    const raw = parse(yaml) as { stacks: Record<string, unknown>[] };
    const [sample] = raw.stacks;
    const written = Object.entries(stacks).map(([name, worker]) => ({
      ...sample,
      name,
      source: { git: repos.infra, ref: 'main', path: pathOf(name) },
      env: {
        DIR: dirOf(name),
        WORKER: '${env:WORKER_NAME}',
        ...(worker === undefined ? {} : { TOKEN: `\${env:TOKEN_${worker.toUpperCase()}}` }),
      },
      ...(worker === undefined ? {} : { worker }),
      policies: ['jobs-auto'],
    }));
    const policy = { git: repos.policies, ref: 'main', path: 'jobs-auto' };
    const text = stringify({ ...raw, policies: { 'jobs-auto': policy }, stacks: written });
    return more.config?.(text) ?? text;
  }

  const owner = m0Process(['--roles', roles]);
  const labels = Object.values(stacks).filter((label) => label !== undefined);
  const variables = {
    M0_DATABASE_URL: url,
    M0_ARTIFACTS: `file:${artifacts}`,
    M0_ARTIFACT_KEY: randomBytes(32).toString('base64'),
    M0_STACK_USER: 'self',
    M0_CONCURRENCY: '2',
    WORKER_NAME: 'the-owner',
  };
  const tokens = Object.fromEntries(
    labels.map((label) => [`TOKEN_${label.toUpperCase()}`, `token-${label}`]),
  );
  const world = await startWorld({
    cloud: 'plain',
    prepare,
    config,
    wrapTerraform(terraform) {
      const path = join(place, 'terraform');
      writeFileSync(path, TELLING(terraform));
      chmodSync(path, 0o755);
      return path;
    },
    // The owner reads all of m0.yaml, so it needs the values of all stacks.
    start: (given, tools) => owner.start({ ...given, ...variables, ...more.variables }, tools, tokens),
  }).catch(async (error: unknown) => {
    await owner.kill().catch(() => {});
    throw error;
  });

  async function lines(stack: string, file: string): Promise<readonly string[]> {
    const path = join(dirOf(stack), file);
    return existsSync(path) ? (await readFile(path, 'utf8')).trim().split('\n') : [];
  }

  const runsOf = async (stack: string): Promise<readonly Run[]> =>
    world.service.store.runs({ stack, limit: 20 });

  /** The alert with buttons for the run. The one about first checks names runs too; its button shows the status. */
  const cardOf = (run: Run): Message | undefined =>
    world
      .cards()
      .findLast(
        (m) =>
          m.metadata !== null &&
          !buttons(m).includes('Status') &&
          buttons(m).length > 0 &&
          words(m).includes(`· run #${run.id} `),
      );

  function newest(stack: string, state: Run['state'], after = 0): Promise<Run> {
    return poll(async () => {
      const [run] = await runsOf(stack);
      return run && run.id > after && run.state === state ? run : undefined;
    }, `the newest run of ${stack} to be ${state}`);
  }

  return {
    ...{
      world,
      owner,
      artifacts,
      database: more.server === undefined ? databaseFor(place) : DATABASE,
      runsOf,
      newest,
    },
    merge: (stack, version) =>
      commit({ [`${pathOf(stack)}/main.tf`]: MAIN(version) }, `Make ${stack} ${version}`),
    tally: (stack) => lines(stack, 'tally'),
    calls: (stack) => lines(stack, 'calls'),
    shut: (stack) => rm(join(dirOf(stack), 'open'), { force: true }),
    open: (stack) => writeFile(join(dirOf(stack), 'open'), ''),
    hold: (stack) => writeFile(join(dirOf(stack), 'hold'), ''),
    letGo: (stack) => rm(join(dirOf(stack), 'hold'), { force: true }),
    async ask(stack) {
      const [before] = await runsOf(stack);
      await world.type(EVE, `drift ${stack}`);
      return newest(stack, 'awaiting_approval', before?.id);
    },
    async approve(run) {
      const card = cardOf(run);
      // When several stacks drift within minutes, they share one message without buttons of their own.
      if (card === undefined) return world.approve(DANA, run.id);
      await world.workspace.as(DANA).click(card, buttons(card)[0] ?? '', { confirm: true });
    },
    said: (text) =>
      poll(async () => {
        const { messages } = world.workspace.channel('ops');
        const found = messages.filter((m) => words(m).includes(text));
        return found.length > 0 ? found : undefined;
      }, `chat to say "${text}"`),
    planFiles: () => readdir(join(artifacts, 'plans')).catch(() => []),
    audit: () => (world.service.store as AuditedStore).verifyAudit(),
    async close() {
      for (const name of names) {
        writeFileSync(join(dirOf(name), 'open'), '');
        rmSync(join(dirOf(name), 'hold'), { force: true });
      }
      await owner.cleanUp();
      await world.close();
      await rm(place, { recursive: true, force: true });
    },
  };
}

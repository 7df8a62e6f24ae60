/** Starts the whole m0 against a sandbox cloud and a local Slack, for end-to-end scenarios. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createLogger, type Logger } from '../../src/base/log.ts';
import { readEnvironment, type Variables } from '../../src/config/environment.ts';
import { loadConfig } from '../../src/config/load.ts';
import type { Run } from '../../src/model/run.ts';
import { localAwsEnv, type SandboxCloud, startSandboxCloud } from '../../src/sandbox/cloud/sandbox-cloud.ts';
import { GIT_TOKENS, sandboxConfig } from '../../src/sandbox/config.ts';
import { type GitHost, startGitHost } from '../../src/sandbox/forge/git-host.ts';
import { MEMBERS, SECRETS, workspaceOptions } from '../../src/sandbox/sample-organisation.ts';
import {
  type Message,
  startWorkspace,
  type View,
  type Workspace,
} from '../../src/sandbox/workspace/workspace.ts';
import { isValidCron } from '../../src/schedule/cron.ts';
import { type Service, serve } from '../../src/serve.ts';
import type { Tools } from '../../src/setup/tools.ts';
import { type SharedProvider, shareAwsProvider } from './aws-provider.ts';
import { sandboxTools, testTools } from './cloud.ts';
import { freePort } from './free-port.ts';
import { startPlainCloud } from './plain-cloud.ts';
import { MANIFEST } from './slack-app.ts';

export const DANA = 'U0DANA';
export const KIM = 'U0KIM';
export const EVE = 'U0EVE';
const PATIENCE_MS = 180_000;

/** The whole m0 with real Terraform, cloud, Git, opa and Bolt; only Slack's servers and AWS are local ones. */
export interface World {
  readonly dir: string;
  readonly cloud: SandboxCloud;
  readonly workspace: Workspace;
  /** Null without the option `gitHost`. */
  readonly gitHost: GitHost | null;
  /** The m0 started last; `restart` replaces it. */
  readonly service: Started;
  readonly logs: readonly string[];
  /** The Terraform that m0 runs for its stacks, and the configuration of its command line. */
  readonly tool: { readonly terraform: string; readonly cliConfig: string };
  /** Root messages of #ops, oldest first. */
  cards(): readonly Message[];
  /** Waits for a root message that contains all words; returns the newest one. */
  card(...words: string[]): Promise<Message>;
  /** Waits for a direct message to the person that contains all words; returns the newest one. */
  dm(user: string, ...words: string[]): Promise<Message>;
  /** Waits for a message in #ops that only the person sees and that contains all words. */
  whisper(user: string, ...words: string[]): Promise<Message>;
  /** Waits for a dialog to open for the person and returns it. */
  view(user: string): Promise<View>;
  /** Types a command in #ops. */
  type(user: string, text: string): Promise<void>;
  /** Types `approve #RUN` in #ops and confirms it: clicks the only button of the answer. */
  approve(user: string, runId: number): Promise<void>;
  /** Requests a check and waits until the run has stopped. */
  check(): Promise<Run>;
  /** Newest runs first. */
  runs(): Promise<readonly Run[]>;
  run(id: number): Promise<Run>;
  /** Waits until the run is in the state. */
  until(id: number, state: Run['state']): Promise<Run>;
  /** A fact about the cloud, read from the cloud as the sandbox's console shows it. */
  fact(label: string): Promise<string>;
  /** `between` runs while m0 is stopped. */
  restart(between?: () => Promise<void>): Promise<void>;
  /**
   * Moves the clocks of m0, of the cloud's log and of the Git host forward by `ms`: m0 asks the log about a time, so an
   * event that is a day old by one of them and new by the other is not found. Slack's and Teams' do not change.
   */
  pass(ms: number): void;
  close(): Promise<void>;
}

/** All text of a message or dialog, as one string. */
export function words(message: Pick<Message, 'blocks'> & { readonly text?: string }): string {
  const texts: string[] = [];
  const walk = (value: unknown): void => {
    if (Array.isArray(value)) for (const each of value) walk(each);
    else if (typeof value === 'object' && value !== null) {
      for (const [key, inner] of Object.entries(value)) {
        if (key === 'text' && typeof inner === 'string') texts.push(inner);
        else walk(inner);
      }
    }
  };
  walk(message.blocks);
  return [message.text ?? '', ...texts].join(' ').replaceAll(/\s+/g, ' ');
}

/** Labels of the buttons of a message. */
export function buttons(message: Pick<Message, 'blocks'>): readonly string[] {
  return message.blocks.flatMap((block) => {
    const elements = (block as { type?: string; elements?: unknown[] }).elements ?? [];
    if ((block as { type?: string }).type !== 'actions') return [];
    return elements.map((e) => (e as { text: { text: string } }).text.text);
  });
}

function holds(message: Message, wanted: readonly string[]): boolean {
  const said = words(message);
  return wanted.every((w) => said.includes(w));
}

export interface WorldOptions {
  /**
   * `aws`: the sample stack in a local AWS; all runs of Terraform share one AWS provider process.
   * `aws-as-shipped`: each run starts its own, and Slack accepts one message a second, as in production.
   * `plain`: resources of the same structure without AWS and without a provider. Default: `aws`.
   */
  readonly cloud?: CloudKind;
  readonly policiesFrom?: string;
  /** True: m0 reads the code from the sandbox's Git host, and opens pull requests there. Default: from a folder. */
  readonly gitHost?: boolean;
  /** Returns the path of the Terraform that m0 runs instead of `terraform`; it may write into `dir`. */
  readonly wrapTerraform?: (terraform: string, dir: string) => string;
  /** Changes the text of m0.yaml before m0 reads it; called at each start. */
  readonly config?: (yaml: string, cloud: SandboxCloud) => string;
  /** Prepares the cloud and its repositories before m0 starts. */
  readonly prepare?: (cloud: SandboxCloud) => Promise<void>;
  /** Additional environment variables of m0. */
  readonly variables?: Variables;
  /** How Slack reaches m0; default `socket`, a connection that m0 opens. */
  readonly slackMode?: 'socket' | 'http';
  /** Maps the workspace's API URL to m0's SLACK_API_URL; default: the workspace's own. */
  readonly slack?: (apiUrl: string) => Promise<string>;
  /** Starts m0 with these variables; default: in this process. */
  readonly start?: (variables: Variables, tools: Tools) => Promise<Started>;
}

export type CloudKind = 'aws' | 'aws-as-shipped' | 'plain';

/** The parts of a running m0 that the world uses. */
export type Started = Pick<Service, 'store' | 'close'> & Partial<Pick<Service, 'url'>>;

/** Starts the cloud of this kind in the folder; `terraform` is the binary that m0 must use for its stacks. */
async function startCloud(
  kind: CloudKind,
  parts: {
    readonly dir: string;
    readonly tools: Tools;
    readonly log: Logger;
    readonly policiesFrom: string;
    /** The clock of the cloud's log. */
    readonly now: () => number;
  },
): Promise<{ readonly cloud: SandboxCloud; readonly terraform: string; close(): Promise<void> }> {
  const { tools, log, policiesFrom, now } = parts;
  const dir = join(parts.dir, 'sandbox');
  if (kind === 'plain') {
    const { terraform } = tools;
    if (terraform === null) throw new Error('tests of a whole m0 need Terraform');
    const cloud = await startPlainCloud({ dir, terraform, base: process.env });
    return { cloud, terraform, close: () => cloud.close() };
  }
  const found = sandboxTools(tools);
  const port = await freePort();
  let provider: SharedProvider | null = null;
  if (kind === 'aws') {
    const env = localAwsEnv(`http://127.0.0.1:${port}`);
    provider = await shareAwsProvider({ dir: parts.dir, tools: { ...tools, ...found }, env });
  }
  const terraform = provider?.terraform ?? found.terraform;
  const close = async (): Promise<void> => provider?.close();
  try {
    const cloud = await startSandboxCloud({
      ...{ dir, port, log, policiesFrom, now, base: process.env, onProgress: () => {} },
      tools: { ...found, terraform },
    });
    const closeBoth = async (): Promise<void> => {
      await cloud.close();
      await close();
    };
    if (!cloud.motoUrl.endsWith(`:${port}`)) throw new Error(`port ${port} was taken meanwhile`);
    await cloud.ready;
    return { cloud, terraform, close: closeBoth };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Starts the cloud, the workspace and m0. Takes a few seconds, most of them for Terraform's first apply. */
export async function startWorld(options: WorldOptions = {}): Promise<World> {
  const kind = options.cloud ?? 'aws';
  const found: Tools = await testTools();
  const dir = await mkdtemp(join(tmpdir(), 'm0-world-'));
  const logs: string[] = [];
  const log = createLogger('debug', { write: (line) => void logs.push(line) });
  let ahead = 0;
  const clock = (): number => Date.now() + ahead;
  const isHttp = options.slackMode === 'http';
  // m0's address is known only after it has started; until then requests fail.
  const to = { eventsUrl: 'http://127.0.0.1:1/slack/events', retryWaits: [0, 1_000, 1_000] };
  const workspace = await startWorkspace({
    ...workspaceOptions(0),
    scopes: MANIFEST.scopes,
    ...(kind === 'aws-as-shipped' ? {} : { rateLimit: null }),
    ...(isHttp ? { deliver: to } : {}),
  });
  const policiesFrom = options.policiesFrom ?? resolve('policies');
  const {
    cloud,
    terraform: bare,
    close: closeCloud,
  } = await startCloud(kind, { dir, tools: found, log, policiesFrom, now: clock });
  const terraform = options.wrapTerraform?.(bare, dir) ?? bare;
  const tools: Tools = { ...found, terraform };
  await options.prepare?.(cloud);
  const gitHost =
    options.gitHost === true
      ? await startGitHost({
          ...{ repository: cloud.repos.infra, dir, port: 0, members: MEMBERS, chat: workspace.url },
          ...{ base: process.env, now: clock },
        })
      : null;

  const yaml = sandboxConfig({
    tool: 'terraform',
    repos: cloud.repos,
    stackEnv: cloud.stackEnv,
    zone: 'UTC',
    // 29 February: no scheduled check runs during a test; tests request checks.
    schedule: '0 0 29 2 *',
    teamsChannel: null,
    ...(gitHost === null ? {} : { gitHost }),
  })
    .replace(/^defaults:\n/m, 'defaults:\n  push: off\n')
    .replace('mode: socket', `mode: ${options.slackMode ?? 'socket'}`);
  const configFile = join(dir, 'm0.yaml');
  const variables: Variables = {
    ...process.env,
    ...options.variables,
    M0_CONFIG: configFile,
    M0_DATA_DIR: join(dir, 'data'),
    M0_DATABASE_URL: `file:${join(dir, 'data', 'm0.db')}`,
    PORT: '0',
    SLACK_API_URL: (await options.slack?.(workspace.apiUrl)) ?? workspace.apiUrl,
    SLACK_BOT_TOKEN: SECRETS.botToken,
    ...(gitHost === null ? {} : { [GIT_TOKENS.read]: 'read', [GIT_TOKENS.write]: gitHost.token }),
    ...(isHttp ? { SLACK_SIGNING_SECRET: SECRETS.signingSecret } : { SLACK_APP_TOKEN: SECRETS.appToken }),
  };

  async function startHere(): Promise<Started> {
    const environment = readEnvironment(variables);
    const config = await loadConfig(configFile, variables, isValidCron);
    // These tests ask for each check themselves.
    return serve({ config, environment, tools, base: variables, log, clock, firstChecks: false });
  }

  async function begin(): Promise<Started> {
    await writeFile(configFile, options.config?.(yaml, cloud) ?? yaml);
    const started = await (options.start ? options.start(variables, tools) : startHere());
    if (started.url !== undefined) to.eventsUrl = `${started.url}/slack/events`;
    return started;
  }

  let service = await begin();
  const newest = (messages: readonly Message[], wanted: readonly string[]): Message | undefined =>
    messages.findLast((m) => holds(m, wanted));
  const world: World = {
    dir,
    cloud,
    workspace,
    gitHost,
    get service() {
      return service;
    },
    logs,
    tool: { terraform, cliConfig: tools.terraformCliConfig },
    cards: () => workspace.channel('ops').messages.filter((m) => m.threadTs === null && m.user === 'U0M0'),
    card: (...wanted) => workspace.waitFor(() => newest(world.cards(), wanted), PATIENCE_MS),
    dm: (user, ...wanted) =>
      workspace.waitFor(() => newest(workspace.dm(user).messages, wanted), PATIENCE_MS),
    whisper: (user, ...wanted) =>
      workspace.waitFor(
        () =>
          newest(
            workspace
              .as(user)
              .sees('ops')
              .filter((m) => m.visibleTo === user),
            wanted,
          ),
        PATIENCE_MS,
      ),
    view: (user) => workspace.waitFor(() => workspace.as(user).views.at(-1), PATIENCE_MS),
    async type(user, text) {
      const { outcome } = await workspace.as(user).slash('/m0', text, 'ops');
      if (outcome !== 'acked') throw new Error(`/m0 ${text}: ${outcome}`);
    },
    async approve(user, runId) {
      const person = workspace.as(user);
      const answers = (): readonly Message[] =>
        person
          .sees('ops')
          .filter((m) => m.visibleTo === user && words(m).includes(`approve run #${runId} (`));
      const before = answers().length;
      await world.type(user, `approve #${runId}`);
      const asked = await workspace.waitFor(() => answers()[before], PATIENCE_MS);
      const [only, ...more] = buttons(asked);
      if (only === undefined || more.length > 0) throw new Error(`not one button: ${words(asked)}`);
      await person.click(asked, only);
    },
    async check() {
      const before = (await world.runs())[0]?.id ?? 0;
      await world.type(EVE, 'drift prod');
      const id = await poll(async () => {
        const [run] = await world.runs();
        return run && run.id > before ? run.id : undefined;
      });
      return poll(async () => {
        const run = await world.run(id);
        const working = ['queued', 'planning', 'deciding', 'approved', 'applying', 'verifying'];
        return working.includes(run.state) ? undefined : run;
      });
    },
    runs: () => service.store.runs({ limit: 50 }),
    async run(id) {
      const run = await service.store.run(id);
      if (!run) throw new Error(`there is no run #${id}`);
      return run;
    },
    until: (id, state) =>
      poll(async () => {
        const run = await world.run(id);
        return run.state === state ? run : undefined;
      }, `run #${id} to be ${state}`),
    async fact(label) {
      const fact = (await cloud.console.facts()).find((f) => f.label.includes(label));
      if (!fact) throw new Error(`the cloud tells nothing of "${label}"`);
      return fact.value;
    },
    pass(ms) {
      ahead += ms;
    },
    async restart(between) {
      await service.close();
      await between?.();
      service = await begin();
    },
    async close() {
      await service.close();
      await workspace.close();
      await gitHost?.close();
      await closeCloud();
      await rm(dir, { recursive: true, force: true });
    },
  };
  return world;
}

/** Calls `ask` until it returns a value; rejects after that time with an error that names `what`. */
export async function poll<T>(
  ask: () => Promise<T | undefined>,
  what = 'an answer',
  patienceMs = PATIENCE_MS,
): Promise<T> {
  const end = Date.now() + patienceMs;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (Date.now() > end) throw new Error(`waited ${patienceMs / 1000} s for ${what}`);
    await new Promise((wake) => setTimeout(wake, 100));
  }
}

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createLogger, type Logger } from '../../src/base/log.ts';
import { readEnvironment, type Variables } from '../../src/config/environment.ts';
import { loadConfig } from '../../src/config/load.ts';
import type { Run } from '../../src/model/run.ts';
import { localAwsEnv, type SandboxCloud, startSandboxCloud } from '../../src/sandbox/cloud/sandbox-cloud.ts';
import { sandboxConfig } from '../../src/sandbox/config.ts';
import { SECRETS, workspaceOptions } from '../../src/sandbox/sample-organisation.ts';
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

/** All of m0 with a real Terraform, cloud, Git, opa and Bolt; only Slack's servers and AWS are local. */
export interface World {
  readonly dir: string;
  readonly cloud: SandboxCloud;
  readonly workspace: Workspace;
  /** The newest m0; another one after `restart`. */
  readonly service: Started;
  readonly logs: readonly string[];
  /** Root messages of #ops, oldest first. */
  cards(): readonly Message[];
  /** The newest root message whose text holds all words; waits for it. */
  card(...words: string[]): Promise<Message>;
  /** The newest message from m0 to the person that holds all words; waits for it. */
  dm(user: string, ...words: string[]): Promise<Message>;
  /** What only the person sees in #ops and holds all words; waits for it. */
  whisper(user: string, ...words: string[]): Promise<Message>;
  /** The dialog open for the person; waits for it. */
  view(user: string): Promise<View>;
  /** Types a command in #ops. */
  type(user: string, text: string): Promise<void>;
  /** Asks for a check and waits until the run rests. */
  check(): Promise<Run>;
  /** Newest runs first. */
  runs(): Promise<readonly Run[]>;
  run(id: number): Promise<Run>;
  /** Waits until the run is in the state. */
  until(id: number, state: Run['state']): Promise<Run>;
  /** A fact of the cloud, as the console reads it from the cloud. */
  fact(label: string): Promise<string>;
  restart(): Promise<void>;
  /** m0's clock goes on by so many ms at once; all other clocks stay. */
  pass(ms: number): void;
  close(): Promise<void>;
}

/** All a person can read of a message or dialog, in one string. */
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
   * `aws`: the sample stack in a local AWS; all calls of Terraform share one running AWS provider.
   * `aws-as-shipped`: each call starts its own, and Slack takes one message a second, as in production.
   * `plain`: the same shape without AWS and without a provider, where those are not the point. `aws` unless told.
   */
  readonly cloud?: CloudKind;
  readonly policiesFrom?: string;
  /** Changes the text of m0.yaml before m0 reads it; asked again at each start. */
  readonly config?: (yaml: string, cloud: SandboxCloud) => string;
  /** Makes further preparations in the cloud and its repositories, before m0 starts. */
  readonly prepare?: (cloud: SandboxCloud) => Promise<void>;
  /** Variables m0 finds in its environment besides those it needs. */
  readonly variables?: Variables;
  /** How Slack reaches m0; over a connection that m0 opens unless told. */
  readonly slackMode?: 'socket' | 'http';
  /** What m0 finds as SLACK_API_URL, given the workspace's own; the workspace itself unless told. */
  readonly slack?: (apiUrl: string) => Promise<string>;
  /** Starts m0 with these variables; in this process unless told. */
  readonly start?: (variables: Variables, tools: Tools) => Promise<Started>;
}

export type CloudKind = 'aws' | 'aws-as-shipped' | 'plain';

/** What the world needs of a running m0. */
export type Started = Pick<Service, 'store' | 'close'> & Partial<Pick<Service, 'url'>>;

/** Starts the cloud of the kind in the folder; `terraform` is what stacks there are to be worked on with. */
async function startCloud(
  kind: CloudKind,
  parts: { readonly dir: string; readonly tools: Tools; readonly log: Logger; readonly policiesFrom: string },
): Promise<{ readonly cloud: SandboxCloud; readonly terraform: string; close(): Promise<void> }> {
  const { tools, log, policiesFrom } = parts;
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
      ...{ dir, port, log, policiesFrom, base: process.env, now: Date.now, onProgress: () => {} },
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

/** Starts everything; a few seconds, most of them Terraform's first apply. */
export async function startWorld(options: WorldOptions = {}): Promise<World> {
  const kind = options.cloud ?? 'aws';
  const found: Tools = await testTools();
  const dir = await mkdtemp(join(tmpdir(), 'm0-world-'));
  const logs: string[] = [];
  const log = createLogger('debug', { write: (line) => void logs.push(line) });
  const isHttp = options.slackMode === 'http';
  // Where m0 will listen is known once it does; until then nobody is there.
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
    terraform,
    close: closeCloud,
  } = await startCloud(kind, { dir, tools: found, log, policiesFrom });
  const tools: Tools = { ...found, terraform };
  await options.prepare?.(cloud);

  const yaml = sandboxConfig({
    tool: 'terraform',
    repos: cloud.repos,
    stackEnv: cloud.stackEnv,
    zone: 'UTC',
    // Never by itself within a test: checks are asked for.
    schedule: '0 0 29 2 *',
    teamsChannel: null,
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
    ...(isHttp ? { SLACK_SIGNING_SECRET: SECRETS.signingSecret } : { SLACK_APP_TOKEN: SECRETS.appToken }),
  };

  let ahead = 0;
  async function startHere(): Promise<Started> {
    const environment = readEnvironment(variables);
    const config = await loadConfig(configFile, variables, isValidCron);
    return serve({ config, environment, tools, base: variables, log, clock: () => Date.now() + ahead });
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
    get service() {
      return service;
    },
    logs,
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
    async restart() {
      await service.close();
      service = await begin();
    },
    async close() {
      await service.close();
      await workspace.close();
      await closeCloud();
      await rm(dir, { recursive: true, force: true });
    },
  };
  return world;
}

/** Asks again until there is an answer; rejects after two minutes, saying what was waited for. */
export async function poll<T>(ask: () => Promise<T | undefined>, what = 'an answer'): Promise<T> {
  const end = Date.now() + PATIENCE_MS;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (Date.now() > end) throw new Error(`waited ${PATIENCE_MS / 1000} s for ${what}`);
    await new Promise((wake) => setTimeout(wake, 100));
  }
}

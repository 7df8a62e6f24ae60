/**
 * What `npm start` runs where there is no m0.yaml: a local cloud, a local Slack and Teams, and m0 connected
 * to them.
 */
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { errorText } from '../base/error-text.ts';
import type { Logger } from '../base/log.ts';
import type { Run } from '../model/run.ts';
import { type SandboxCloud, startSandboxCloud } from './cloud/sandbox-cloud.ts';
import { GIT_TOKENS, sandboxConfig } from './config.ts';
import { type GitHost, startGitHost } from './forge/git-host.ts';
import { createTeamsPane } from './page/teams-pane.ts';
import { type Page, startPage, TEAMS_PATH } from './page-server.ts';
import { MEMBERS, PEOPLE, SECRETS, TEAMS, TEAMS_OPS, workspaceOptions } from './sample-organisation.ts';
import { TEAMS_RATES } from './teams/rates.ts';
import { LocalTeams } from './teams/teams.ts';
import { startWorkspace, type Workspace } from './workspace/workspace.ts';

/** The m0 in the sandbox. main.ts builds it in the same way as for a real workspace. */
export interface SandboxedService {
  /** Address of its HTTP endpoints. */
  readonly url: string;
  /** The newest runs of a stack, to know which commit was applied last. */
  runs(stack: string): Promise<readonly Run[]>;
  /** Checks all stacks now, without waiting for the schedule. */
  checkAll(): Promise<void>;
  close(): Promise<void>;
}

export interface SandboxOptions {
  readonly dir: string;
  /** Port of the page; the local AWS uses the next one, the Git host the one after. */
  readonly port: number;
  /**
   * `own`: the page's Teams. `playground`: Microsoft's local client instead, which authenticates nobody, so
   * anybody on this machine can act as anybody.
   */
  readonly teams: 'own' | 'playground';
  /** Which tool `tools.terraform` is. */
  readonly tool: 'terraform' | 'tofu';
  readonly tools: Parameters<typeof startSandboxCloud>[0]['tools'];
  readonly policiesFrom: string;
  /** The environment from which child processes may inherit. */
  readonly base: Readonly<Record<string, string | undefined>>;
  readonly now: () => number;
  readonly log: Logger;
  /** Starts m0 with this m0.yaml and these variables, and with a Bot Connector other than Microsoft's. */
  readonly serve: (
    configFile: string,
    env: Readonly<Record<string, string>>,
    teamsConnector: { readonly openIdMetadata: string; readonly accessToken: string } | undefined,
  ) => Promise<SandboxedService>;
  readonly onProgress: (text: string) => void;
}

export interface Sandbox {
  readonly url: string;
  /** Resolves when the cloud is built and m0 works in it. */
  readonly ready: Promise<void>;
  close(): Promise<void>;
}

const STACK = 'prod-network';

async function readState(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

async function saveState(file: string, state: string): Promise<void> {
  await writeFile(`${file}.new`, state, { mode: 0o600 });
  await rename(`${file}.new`, file);
}

/** The commit at which code and cloud last agreed, according to m0's runs. */
function appliedCommit(runs: readonly Run[]): string | null {
  return runs.find((r) => r.state === 'clean' || r.state === 'realigned')?.code?.commit ?? null;
}

export async function startSandbox(options: SandboxOptions): Promise<Sandbox> {
  const { dir, log, onProgress } = options;
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const files = { slack: join(dir, 'workspace.json'), teams: join(dir, 'teams.json') };
  const savedState = await readState(files.slack);
  const workspace: Workspace = await startWorkspace({ ...workspaceOptions(options.port), state: savedState });
  const isOwn = options.teams === 'own';
  const teams = new LocalTeams({
    ...TEAMS,
    rates: TEAMS_RATES,
    url: `${workspace.url}${TEAMS_PATH}`,
    state: await readState(files.teams),
  });

  let status = { phase: 'cloud', text: 'Starting the local cloud', ready: false };
  const listeners = new Set<(s: typeof status) => void>();
  function setStatus(phase: string, text: string, ready: boolean): void {
    status = { phase, text, ready };
    for (const listener of listeners) listener(status);
    onProgress(text);
  }

  const cloud: SandboxCloud = await startSandboxCloud({
    dir,
    tools: options.tools,
    port: options.port + 1,
    log,
    base: options.base,
    now: options.now,
    onProgress: (text) => setStatus('cloud', text, false),
    policiesFrom: options.policiesFrom,
  });
  const gitHost: GitHost = await startGitHost({
    ...{ repository: cloud.repos.infra, dir, port: options.port === 0 ? 0 : options.port + 2 },
    members: MEMBERS,
    ...{ chat: workspace.url, base: options.base, now: options.now },
  });
  const page: Page = await startPage({
    gitHost: gitHost.url,
    workspace,
    teams: isOwn ? await createTeamsPane(teams, (user) => PEOPLE.find((p) => p.id === user)?.teams) : null,
    console: cloud.console,
    status: () => status,
    onStatus: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  });

  let service: SandboxedService | null = null;
  let closing = false;

  async function start(): Promise<void> {
    await cloud.ready;
    if (closing) return;
    const configFile = join(dir, 'm0.yaml');
    await writeFile(
      configFile,
      sandboxConfig({
        tool: options.tool,
        repos: cloud.repos,
        stackEnv: cloud.stackEnv,
        zone: Intl.DateTimeFormat().resolvedOptions().timeZone,
        schedule: '* * * * *',
        teamsChannel: TEAMS_OPS,
        gitHost,
      }),
      {
        mode: 0o600,
      },
    );
    if (savedState === undefined) {
      // A new user finds two changes: one that m0 reverts by itself, and one that waits for a person.
      setStatus('story', 'Somebody is at the cloud console', false);
      await cloud.console.run('remove-tags');
      await cloud.console.run('open-ssh');
    }
    setStatus('m0', 'Starting m0', false);
    const env = {
      SLACK_API_URL: workspace.apiUrl,
      SLACK_BOT_TOKEN: SECRETS.botToken,
      SLACK_APP_TOKEN: SECRETS.appToken,
      SLACK_SIGNING_SECRET: SECRETS.signingSecret,
      // Everybody may read, so any token will do.
      [GIT_TOKENS.read]: 'read',
      [GIT_TOKENS.write]: gitHost.token,
      ...(isOwn
        ? {
            MICROSOFT_APP_ID: TEAMS.appId,
            MICROSOFT_APP_PASSWORD: TEAMS.appPassword,
            MICROSOFT_APP_TENANT_ID: TEAMS.tenantId,
          }
        : { M0_TEAMS_INSECURE_LOOPBACK: '1', MICROSOFT_APP_ID: '' }),
    };
    const { openIdMetadata } = teams;
    const connector = isOwn ? { openIdMetadata, accessToken: TEAMS.accessToken } : undefined;
    service = await options.serve(configFile, env, connector);
    if (isOwn) {
      teams.bot.connect(service.url);
      for (const { id } of TEAMS.teams) await teams.addToTeam(id);
    }
    await service.checkAll();
    setStatus('ready', 'm0 checks prod-network every minute', true);
  }

  const ready = start().catch((error: unknown) => {
    setStatus('failed', `The sandbox did not come up: ${errorText(error)}`, false);
    throw error;
  });
  // Callers of `ready` get the error; without one, a rejection must not end the process.
  ready.catch(() => undefined);

  return {
    url: page.url,
    ready,
    async close() {
      closing = true;
      // A cloud that is still being built is stopped by closing it.
      if (service === null) await cloud.close();
      await ready.catch(() => undefined);
      const runs = service ? await service.runs(STACK) : [];
      if (service !== null) {
        teams.bot.connect(null);
        await service.close();
        await cloud.snapshot(appliedCommit(runs));
        await cloud.close();
      }
      await saveState(files.slack, workspace.dump());
      await saveState(files.teams, teams.organisation.dump());
      await gitHost.close();
      await page.close();
      await workspace.close();
    },
  };
}

/** What `npm start` brings up where there is no m0.yaml: a local cloud, a local workspace, and m0 in both. */
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { errorText } from '../base/error-text.ts';
import type { Logger } from '../base/log.ts';
import type { Run } from '../model/run.ts';
import { type SandboxCloud, startSandboxCloud } from './cloud/sandbox-cloud.ts';
import { sandboxConfig } from './config.ts';
import { createTeamsPane } from './page/teams-pane.ts';
import { type Page, startPage, TEAMS_PATH } from './page-server.ts';
import { PEOPLE, recipients, SECRETS, TEAMS, TEAMS_OPS } from './seats.ts';
import { TEAMS_RATES } from './teams/rates.ts';
import { LocalTeams } from './teams/teams.ts';
import { startWorkspace, type Workspace } from './workspace/workspace.ts';

/** The m0 that lives in the sandbox, as main.ts wires it: the same as for a real workspace. */
export interface SandboxedService {
  /** Where its HTTP endpoints are. */
  readonly url: string;
  /** Newest runs of a stack, for knowing which commit the cloud was last brought to. */
  runs(stack: string): Promise<readonly Run[]>;
  /** Checks every stack now, without waiting for the schedule. */
  checkAll(): Promise<void>;
  close(): Promise<void>;
}

export interface SandboxOptions {
  readonly dir: string;
  /** Port of the page; the local AWS takes the next one. */
  readonly port: number;
  /**
   * The page's own Teams, or Microsoft's local client in its place, which proves nothing, so that anybody on this
   * machine passes for anybody.
   */
  readonly teams: 'own' | 'playground';
  /** Which of the two `tools.terraform` is. */
  readonly tool: 'terraform' | 'tofu';
  readonly tools: Parameters<typeof startSandboxCloud>[0]['tools'];
  readonly policiesFrom: string;
  /** What child processes may inherit from. */
  readonly base: Readonly<Record<string, string | undefined>>;
  readonly now: () => number;
  readonly log: Logger;
  /** Starts m0 with this m0.yaml and these variables, and with a Bot Connector in the place of Microsoft's. */
  readonly serve: (
    configFile: string,
    env: Readonly<Record<string, string>>,
    teamsConnector: { readonly openIdMetadata: string; readonly accessToken: string } | undefined,
  ) => Promise<SandboxedService>;
  readonly onProgress: (text: string) => void;
}

export interface Sandbox {
  readonly url: string;
  /** Resolves when the cloud is built and m0 is at work in it. */
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

/** The commit at which code and cloud last agreed, as far as m0 remembers. */
function appliedCommit(runs: readonly Run[]): string | null {
  return runs.find((r) => r.state === 'clean' || r.state === 'realigned')?.code?.commit ?? null;
}

export async function startSandbox(options: SandboxOptions): Promise<Sandbox> {
  const { dir, log, onProgress } = options;
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const files = { slack: join(dir, 'workspace.json'), teams: join(dir, 'teams.json') };
  const remembered = await readState(files.slack);
  const workspace: Workspace = await startWorkspace({ ...recipients(options.port), state: remembered });
  const isOwn = options.teams === 'own';
  const teams = new LocalTeams({
    ...TEAMS,
    rates: TEAMS_RATES,
    url: `${workspace.url}${TEAMS_PATH}`,
    state: await readState(files.teams),
  });

  let status = { phase: 'cloud', text: 'Starting the local cloud', ready: false };
  const listeners = new Set<(s: typeof status) => void>();
  function tell(phase: string, text: string, ready: boolean): void {
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
    onProgress: (text) => tell('cloud', text, false),
    policiesFrom: options.policiesFrom,
  });
  const page: Page = await startPage({
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

  async function begin(): Promise<void> {
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
      }),
      {
        mode: 0o600,
      },
    );
    if (remembered === undefined) {
      // The story a newcomer finds under way: one thing that heals itself, one that must wait for a person.
      tell('story', 'Somebody is at the cloud console', false);
      await cloud.console.run('remove-tags');
      await cloud.console.run('open-ssh');
    }
    tell('m0', 'Starting m0', false);
    const env = {
      SLACK_API_URL: workspace.apiUrl,
      SLACK_BOT_TOKEN: SECRETS.botToken,
      SLACK_APP_TOKEN: SECRETS.appToken,
      SLACK_SIGNING_SECRET: SECRETS.signingSecret,
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
    tell('ready', 'm0 checks prod-network every minute', true);
  }

  const ready = begin().catch((error: unknown) => {
    tell('failed', `The sandbox did not come up: ${errorText(error)}`, false);
    throw error;
  });
  // Whoever awaits `ready` sees the error; without anybody it must not end the process.
  ready.catch(() => undefined);

  return {
    url: page.url,
    ready,
    async close() {
      closing = true;
      // A cloud that is still being built is not waited for: closing it stops that.
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
      await page.close();
      await workspace.close();
    },
  };
}

/** The command `m0 doctor`. */
import { constants, existsSync } from 'node:fs';
import { access, mkdir } from 'node:fs/promises';
import { errorText } from '../base/error-text.ts';
import { ConfigError } from '../config/config-error.ts';
import type { Environment } from '../config/environment.ts';
import { loadConfig } from '../config/load.ts';
import { isValidCron } from '../schedule/cron.ts';
import { hasSandbox } from '../setup/has-sandbox.ts';
import { inspectTools, type Row } from '../setup/inspect.ts';
import { openProbes } from '../setup/probe.ts';
import { findTerraform, toolsFolder } from '../setup/tools.ts';
import { chooseStackUser, SHARED_MEANS } from '../terraform/stack-user-default.ts';
import type { Io } from './config.ts';
import { onCallRows } from './doctor-oncall.ts';
import { chatsOf, teamsRow } from './doctor-teams.ts';

/** Asks Slack whose bot token it is. Resolves with a short answer, rejects with the reason. */
export type AskSlack = (env: Environment) => Promise<string>;

const SLACK_MS = 10_000;

const MARK = { ok: 'ok', missing: 'MISSING', warning: 'warning' } as const;

/**
 * `doctor`: prints one table of everything that m0 needs to start, with what to do about each problem. It never
 * shows tokens and installs nothing. Resolves with the exit code: 1 if something is missing, 0 otherwise (warnings
 * are fine).
 */
export async function doctor(io: Io, env: Environment, askSlack: AskSlack = askSlackItself): Promise<number> {
  const configured = existsSync(env.configPath);
  const chats = configured ? await chatsOf(env) : null;
  const sandbox = !configured && hasSandbox();
  const rows = [
    ...(await inspectTools({ dataDir: env.dataDir, env: env.variables, sandbox })),
    await dataDirRow(env.dataDir),
    ...(configured ? [await stackUserRow(env)] : []),
    await configRow(env),
    ...(!configured || chats?.slack === null ? [] : await slackRows(env, askSlack)),
    ...((chats?.teams ?? null) === null ? [] : [teamsRow(env)]),
    ...(configured ? await onCallRows(env) : []),
  ];
  for (const line of table(rows)) io.out(`${line}\n`);
  return rows.some((row) => row.state === 'missing') ? 1 : 0;
}

async function dataDirRow(dataDir: string): Promise<Row> {
  const what = 'data folder';
  try {
    await mkdir(dataDir, { recursive: true });
    await access(dataDir, constants.W_OK);
    return { what, state: 'ok', found: dataDir };
  } catch (error) {
    const found = `${dataDir}: ${(error as NodeJS.ErrnoException).code}`;
    return { what, state: 'missing', found, todo: 'make it writable, or name another in M0_DATA_DIR' };
  }
}

async function stackUserRow(env: Environment): Promise<Row> {
  const what = "stacks' users";
  const tools = await findTerraform(env.variables, await openProbes(toolsFolder(env.dataDir))).catch(
    () => null,
  );
  const { stackUser, shared } = await chooseStackUser({
    wanted: env.stackUser,
    uid: process.getuid?.(),
    dataDir: env.dataDir,
    needed: [tools?.terraform?.path, tools?.tofu?.path].filter((path) => path !== undefined),
  });
  if (shared !== null) {
    const found = `m0's own, because ${shared}: ${SHARED_MEANS}`;
    return {
      what,
      state: 'warning',
      found,
      todo: 'run m0 as root, or set M0_STACK_USER=self if that is fine',
    };
  }
  return { what, state: 'ok', found: stackUser ?? "m0's own, as M0_STACK_USER says" };
}

async function configRow(env: Environment): Promise<Row> {
  const what = 'configuration';
  if (!existsSync(env.configPath)) {
    const found = `no ${env.configPath}`;
    if (env.variables.M0_CONFIG)
      return { what, state: 'missing', found, todo: 'make it, or unset M0_CONFIG' };
    return hasSandbox()
      ? { what, state: 'ok', found: `${found}: the sandbox starts` }
      : { what, state: 'missing', found, todo: 'make it, or name one in M0_CONFIG' };
  }
  try {
    const { directory } = await loadConfig(env.configPath, env.variables, isValidCron);
    return { what, state: 'ok', found: `${env.configPath}, stacks: ${directory.stacks.length}` };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return {
      what,
      state: 'missing',
      found: error.problems.join('; '),
      todo: 'correct it; config check says the same',
    };
  }
}

async function slackRows(env: Environment, askSlack: AskSlack): Promise<Row[]> {
  const { botToken, appToken, signingSecret } = env.slack;
  const what = 'Slack tokens';
  if (!botToken)
    return [{ what, state: 'warning', found: 'none', todo: 'set SLACK_BOT_TOKEN to join Slack' }];
  const complete = appToken !== null || signingSecret !== null;
  const todo = 'set SLACK_APP_TOKEN (socket mode) or SLACK_SIGNING_SECRET (http mode)';
  const tokens: Row = complete
    ? { what, state: 'ok', found: 'set' }
    : { what, state: 'missing', found: 'only SLACK_BOT_TOKEN is set', todo };
  try {
    return [tokens, { what: 'Slack', state: 'ok', found: await askSlack(env) }];
  } catch (error) {
    const found = errorText(error);
    return [tokens, { what: 'Slack', state: 'missing', found, todo: 'check the network and the token' }];
  }
}

/** A plain request, because the question is whether Slack accepts the token, not whether m0's client works. */
async function askSlackItself(env: Environment): Promise<string> {
  const api = `${env.slack.apiUrl ?? 'https://slack.com/api'}`.replace(/\/*$/, '/');
  const response = await fetch(new URL('auth.test', api), {
    method: 'POST',
    headers: { authorization: `Bearer ${env.slack.botToken}` },
    signal: AbortSignal.timeout(SLACK_MS),
  });
  const answer = (await response.json()) as { ok?: boolean; error?: string; team?: string };
  if (!answer.ok) throw new Error(`${api} refuses the bot token: ${answer.error ?? response.status}`);
  return `${answer.team ?? 'workspace'} knows the bot token`;
}

/** Columns padded to their widest cell. What to do is on its own line below the row. */
function table(rows: readonly Row[]): string[] {
  const width = Math.max(...rows.map((row) => row.what.length));
  const markWidth = Math.max(...Object.values(MARK).map((mark) => mark.length));
  return rows.flatMap((row) => {
    const mark = MARK[row.state].padEnd(markWidth);
    const line = `${row.what.padEnd(width)}  ${mark}  ${row.found.split('\n').join('; ')}`;
    return row.todo ? [line, `${' '.repeat(width + markWidth + 4)}-> ${row.todo}`] : [line];
  });
}

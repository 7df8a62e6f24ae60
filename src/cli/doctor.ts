/** The command `m0 doctor`. */
import { errorText } from '../base/error-text.ts';
import type { Environment } from '../config/environment.ts';
import { DATA_FOLDER_TODO, dataFolderProblem } from '../setup/data-folder.ts';
import { hasSandbox } from '../setup/has-sandbox.ts';
import { inspectTools, type Row } from '../setup/inspect.ts';
import { openProbes } from '../setup/probe.ts';
import { table } from '../setup/table.ts';
import { findTerraform, toolsFolder } from '../setup/tools.ts';
import { chooseStackUser, SHARED_MEANS } from '../terraform/stack-user-default.ts';
import type { ExitCode } from './commands.ts';
import type { Io } from './config.ts';
import { backendRows } from './doctor-backends.ts';
import { configOrNull, configRow, inUseRows, isConfigured } from './doctor-config.ts';
import { databaseRow } from './doctor-database.ts';
import { onCallRows } from './doctor-oncall.ts';
import { chatsOf, teamsRow } from './doctor-teams.ts';
import { reachRows } from './reach.ts';

/**
 * Asks Slack whose bot token it is. Resolves with a short answer and the scopes of the token (null: Slack did not say),
 * rejects with the reason.
 */
export type AskSlack = (
  env: Environment,
) => Promise<{ readonly found: string; readonly scopes: readonly string[] | null }>;

/** The scope without which files and pictures do not arrive; everything else works. */
const FILES_SCOPE = 'files:write';

const SLACK_MS = 10_000;

/**
 * `doctor`: prints one table of everything that m0 needs to start, with what to do about each problem. It never
 * shows tokens and installs nothing. Resolves with the exit code: 1 if something is missing, 0 otherwise (warnings
 * are fine).
 */
export async function doctor(
  io: Io,
  env: Environment,
  askSlack: AskSlack = askSlackItself,
): Promise<ExitCode> {
  const configured = isConfigured(env);
  const chats = configured ? await chatsOf(env) : null;
  const sandbox = !configured && hasSandbox();
  const rows = [
    ...(await inspectTools({
      ...{ dataDir: env.dataDir, env: env.variables, sandbox },
      terragrunt: configured && (await usesTerragrunt(env)),
    })),
    await dataDirRow(env.dataDir),
    // An operator may set up the database before there is an m0.yaml.
    ...(configured || env.variables.M0_DATABASE_URL ? [await databaseRow(env)] : []),
    ...(configured ? [await stackUserRow(env)] : []),
    await configRow(env),
    ...(configured ? await inUseRows(env) : []),
    ...(!configured || chats?.slack === null ? [] : await slackRows(env, askSlack)),
    ...((chats?.teams ?? null) === null ? [] : [teamsRow(env)]),
    ...(configured ? await onCallRows(env) : []),
    ...(configured ? await backendRows(env) : []),
    ...(configured ? await rowsOfReach(env) : []),
  ];
  for (const line of table(rows)) io.out(`${line}\n`);
  return rows.some((row) => row.state === 'missing') ? 1 : 0;
}

/** As `config check --reach`. A wrong m0.yaml has a row of its own. */
async function rowsOfReach(env: Environment): Promise<readonly Row[]> {
  const config = (await configOrNull(env))?.config ?? null;
  return config === null ? [] : reachRows(config, env);
}

/** True if a stack of m0.yaml does. A wrong m0.yaml has a row of its own. */
async function usesTerragrunt(env: Environment): Promise<boolean> {
  return (
    (await configOrNull(env))?.config.directory.stacks.some((stack) => stack.terragrunt === true) ?? false
  );
}

async function dataDirRow(dataDir: string): Promise<Row> {
  const what = 'data folder';
  const problem = await dataFolderProblem(dataDir);
  if (problem === null) return { what, state: 'ok', found: dataDir };
  return { what, state: 'missing', found: problem, todo: DATA_FOLDER_TODO };
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
    const { found, scopes } = await askSlack(env);
    if (scopes === null || scopes.includes(FILES_SCOPE))
      return [tokens, { what: 'Slack', state: 'ok', found }];
    return [
      tokens,
      {
        what: 'Slack',
        state: 'warning',
        found: `${found}, which lacks ${FILES_SCOPE}: digests go out without their picture, and files do not arrive`,
        todo: 'compare the app with manifests/slack.yaml and install it again',
      },
    ];
  } catch (error) {
    const found = errorText(error);
    return [tokens, { what: 'Slack', state: 'missing', found, todo: 'check the network and the token' }];
  }
}

/** A plain request, because the question is whether Slack accepts the token, not whether m0's client works. */
async function askSlackItself(env: Environment): ReturnType<AskSlack> {
  const api = `${env.slack.apiUrl ?? 'https://slack.com/api'}`.replace(/\/*$/, '/');
  const response = await fetch(new URL('auth.test', api), {
    method: 'POST',
    headers: { authorization: `Bearer ${env.slack.botToken}` },
    signal: AbortSignal.timeout(SLACK_MS),
  });
  const answer = (await response.json()) as { ok?: boolean; error?: string; team?: string };
  if (!answer.ok) throw new Error(`${api} refuses the bot token: ${answer.error ?? response.status}`);
  const scopes = response.headers.get('x-oauth-scopes');
  return {
    found: `${answer.team ?? 'workspace'} knows the bot token`,
    scopes: scopes === null ? null : scopes.split(',').map((scope) => scope.trim()),
  };
}

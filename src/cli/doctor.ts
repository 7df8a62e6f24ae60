import { constants } from 'node:fs';
import { access, mkdir } from 'node:fs/promises';
import type { Environment } from '../config/environment.ts';
import { inspectTools, type Row } from '../setup/inspect.ts';
import type { Io } from './config.ts';

/** What `doctor` asks of parts it does not know; each resolves to what to write into its row. */
export interface DoctorParts {
  /** Whether there is a configuration file; without one the sandbox is what starts. */
  readonly hasConfig: boolean;
  /** Reads and checks the configuration: null, or what is wrong with it. */
  checkConfig(): Promise<string | null>;
  /** Asks Slack who the bot token belongs to: the answer in a word, as the workspace's name. Rejects. */
  askSlack(): Promise<string>;
}

const MARK = { ok: 'ok', missing: 'MISSING', warning: 'warning' } as const;

/**
 * `doctor`: one table of everything a start needs, each row with what to do about it; tokens are never shown.
 * Installs nothing. Resolves with the exit code: 1 where a row is missing, 0 otherwise (warnings are fine).
 */
export async function doctor(io: Io, env: Environment, parts: DoctorParts): Promise<number> {
  const rows = [
    ...(await inspectTools({ dataDir: env.dataDir, env: env.variables, sandbox: !parts.hasConfig })),
    await dataDirRow(env.dataDir),
    await configRow(env.configPath, parts),
    ...(await slackRows(env, parts)),
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

async function configRow(configPath: string, parts: DoctorParts): Promise<Row> {
  const what = 'configuration';
  if (!parts.hasConfig) return { what, state: 'ok', found: `no ${configPath}: the sandbox starts` };
  const problem = await parts.checkConfig();
  return problem === null
    ? { what, state: 'ok', found: configPath }
    : { what, state: 'missing', found: problem, todo: 'run m0 config check' };
}

async function slackRows(env: Environment, parts: DoctorParts): Promise<Row[]> {
  const { botToken, appToken, signingSecret } = env.slack;
  // The sandbox brings a workspace of its own.
  if (!parts.hasConfig && !botToken) return [];
  const tokens: Row = botToken
    ? appToken || signingSecret
      ? { what: 'Slack tokens', state: 'ok', found: 'set' }
      : {
          what: 'Slack tokens',
          state: 'missing',
          found: 'only SLACK_BOT_TOKEN is set',
          todo: 'set SLACK_APP_TOKEN (socket mode) or SLACK_SIGNING_SECRET (http mode)',
        }
    : { what: 'Slack tokens', state: 'warning', found: 'none', todo: 'set SLACK_BOT_TOKEN to join Slack' };
  if (!botToken) return [tokens];
  try {
    return [tokens, { what: 'Slack', state: 'ok', found: await parts.askSlack() }];
  } catch (error) {
    const found = error instanceof Error ? error.message : String(error);
    return [tokens, { what: 'Slack', state: 'missing', found, todo: 'check the network and the token' }];
  }
}

/** Columns padded to their widest cell; what to do stands on a line of its own below its row. */
function table(rows: readonly Row[]): string[] {
  const width = Math.max(...rows.map((row) => row.what.length));
  const markWidth = Math.max(...Object.values(MARK).map((mark) => mark.length));
  return rows.flatMap((row) => {
    const mark = MARK[row.state].padEnd(markWidth);
    const line = `${row.what.padEnd(width)}  ${mark}  ${row.found.split('\n').join('; ')}`;
    return row.todo ? [line, `${' '.repeat(width + markWidth + 4)}-> ${row.todo}`] : [line];
  });
}

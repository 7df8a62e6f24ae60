/** Amazon Athena over the bucket of a trail: who changed a resource, also where CloudTrail itself can't be asked. */
import {
  AthenaClient,
  GetQueryExecutionCommand,
  GetQueryResultsCommand,
  StartQueryExecutionCommand,
  StopQueryExecutionCommand,
} from '@aws-sdk/client-athena';
import { errorText } from '../base/error-text.ts';
import type { AthenaTable, CauseLog } from '../model/cloud-roles.ts';
import type { Stack } from '../model/directory.ts';
import type { CauseAccess, CauseQuestion, CauseSource } from '../ports/cause.ts';
import type { OpenAccess } from '../ports/cloud-access.ts';
import { type AthenaEvent, eventsQuery, probeQuery, readRow } from './athena-sql.ts';
import { namesResource } from './attributes.ts';
import { clientOptions } from './client-options.ts';
import { best, readEvent } from './events.ts';
import { lookupNames, regionsOf } from './names.ts';
import type { Pace } from './pace.ts';

export interface AthenaOptions {
  readonly access: CauseAccess;
  /** Waits until the workgroup may be asked again. */
  readonly pace: Pace;
  /** Waits that many ms. */
  readonly sleep: (ms: number) => Promise<void>;
}

type Settings = CauseLog & AthenaTable;

const DAY_MS = 86_400_000;
/** The longest window of a query: Athena costs by what it reads, which is every event of these days. */
const LONGEST_MS = 7 * DAY_MS;
/** How often, and how many times, the state of a query is asked for: two minutes in all. */
const BETWEEN_MS = 1_000;
const MOST_POLLS = 120;
const PAGE = 1_000;

/** True if m0.yaml lets this log be asked who changed the stack. */
export function asksAthena({ causes }: Pick<Stack, 'causes'>): boolean {
  return causes?.athena != null;
}

/** The source that asks Athena with the role under `causes.athena` of m0.yaml: one query for a stack's questions. */
export function createAthena({ access, pace, sleep }: AthenaOptions): CauseSource {
  /** The answers to questions that are asked together. They go with the list of these questions. */
  const answers = new WeakMap<readonly CauseQuestion[], Promise<readonly AthenaEvent[]>>();

  async function query(
    settings: Settings,
    together: readonly CauseQuestion[],
  ): Promise<readonly AthenaEvent[]> {
    const [first] = together;
    if (first === undefined) return [];
    const names = together.flatMap((question) => lookupNames(question.names));
    const to = Math.max(...together.map((question) => question.to));
    const from = Math.max(Math.min(...together.map((question) => question.from)), to - LONGEST_MS);
    const made = eventsQuery(settings, names, from, to);
    if (made === null) return [];
    return withClient(first.stack, settings, access, async (client) => {
      await pace(`${settings.role} ${settings.region}`);
      const id = await run(client, settings, made.text, made.parameters, sleep);
      return rowsOf(client, id);
    });
  }

  return {
    name: 'Athena',
    asks: asksAthena,
    async ask(question, together) {
      const settings = question.stack.causes?.athena;
      if (settings == null) throw new Error(`${question.stack.name} has no causes.athena in m0.yaml`);
      const asked = answers.get(together) ?? query(settings, together);
      answers.set(together, asked);
      const accounts = accountsOf(question);
      const regions = new Set(regionsOf(question.names, settings.regions));
      const names = [...lookupNames(question.names), ...question.names];
      const own = (await asked).filter(
        ({ record, resources, region, account }) =>
          regions.has(region) &&
          (accounts.size === 0 || accounts.has(account)) &&
          (resources.some((arn) => names.includes(arn)) || namesResource(record.requestParameters, names)),
      );
      return best(own.flatMap((event) => readEvent(event.record, event, question, settings.role)));
    },
  };
}

const ACCOUNT = /^arn:[a-z0-9-]+:[a-z0-9-]*:[a-z0-9-]*:(\d{12}):/;

/**
 * The accounts that the resource may be in: an organization's trail has the events of all of them, with the same names.
 * Empty: nothing tells.
 */
function accountsOf({ names, stack }: CauseQuestion): ReadonlySet<string> {
  const inNames = names.flatMap((name) => ACCOUNT.exec(name)?.[1] ?? []);
  if (inNames.length > 0) return new Set(inNames);
  const roles = [stack.aws?.planRole, stack.aws?.applyRole];
  return new Set(roles.flatMap((role) => ACCOUNT.exec(role ?? '')?.[1] ?? []));
}

/** Asks Athena for nothing with the stack's role, to prove that it may. Resolves with what was found, as words. */
export async function tryAthena(
  stack: Pick<Stack, 'name' | 'env' | 'causes'>,
  { access, sleep }: Pick<AthenaOptions, 'access' | 'sleep'>,
): Promise<string> {
  const settings = stack.causes?.athena;
  if (settings == null) throw new Error(`${stack.name} has no causes.athena in m0.yaml`);
  await withClient(stack, settings, access, async (client) => {
    const id = await run(client, settings, probeQuery(settings), null, sleep);
    await rowsOf(client, id);
  });
  const { role, database, table, workgroup, region } = settings;
  return `${role} may query ${database}.${table} in ${region} with the workgroup ${workgroup}`;
}

async function withClient<T>(
  stack: Pick<Stack, 'name' | 'env'>,
  settings: Settings,
  access: CauseAccess,
  work: (client: AthenaClient) => Promise<T>,
): Promise<T> {
  const opened = await access.open(stack, settings);
  const client = clientFor(opened, settings.region, stack.env);
  const { database, table, region, role } = settings;
  try {
    return await work(client);
  } catch (cause) {
    throw new Error(`asking Athena for ${database}.${table} in ${region} as ${role}: ${errorText(cause)}`, {
      cause,
    });
  } finally {
    client.destroy();
  }
}

/** Runs the query to its end, and returns its id. Rejects if it fails or takes too long; then it is stopped. */
async function run(
  client: AthenaClient,
  { database, workgroup, output }: Settings,
  text: string,
  parameters: readonly string[] | null,
  sleep: (ms: number) => Promise<void>,
): Promise<string> {
  const { QueryExecutionId: id } = await client.send(
    new StartQueryExecutionCommand({
      QueryString: text,
      ...(parameters === null ? {} : { ExecutionParameters: [...parameters] }),
      QueryExecutionContext: { Database: database },
      WorkGroup: workgroup,
      ...(output === null ? {} : { ResultConfiguration: { OutputLocation: output } }),
    }),
  );
  if (id === undefined) throw new Error('Athena gave the query no id');
  for (let poll = 0; poll < MOST_POLLS; poll += 1) {
    const { QueryExecution: found } = await client.send(
      new GetQueryExecutionCommand({ QueryExecutionId: id }),
    );
    const { State: state, StateChangeReason: reason = 'it does not say why' } = found?.Status ?? {};
    if (state === 'SUCCEEDED') return id;
    if (state === 'FAILED' || state === 'CANCELLED') {
      throw new Error(`the query ${state === 'FAILED' ? 'failed' : 'was canceled'}: ${reason}`);
    }
    await sleep(BETWEEN_MS);
  }
  await client.send(new StopQueryExecutionCommand({ QueryExecutionId: id })).catch(() => {});
  throw new Error(`the query took longer than ${(MOST_POLLS * BETWEEN_MS) / 1000} s and was stopped`);
}

async function rowsOf(client: AthenaClient, id: string): Promise<readonly AthenaEvent[]> {
  const rows: (readonly (string | undefined)[])[] = [];
  let next: string | undefined;
  do {
    const answer = await client.send(
      new GetQueryResultsCommand({
        ...{ QueryExecutionId: id, MaxResults: PAGE },
        ...(next === undefined ? {} : { NextToken: next }),
      }),
    );
    for (const { Data = [] } of answer.ResultSet?.Rows ?? []) {
      rows.push(Data.map(({ VarCharValue }) => VarCharValue));
    }
    next = answer.NextToken;
  } while (next !== undefined);
  // The first row of all has the names of the columns.
  return rows.slice(1).map(readRow);
}

function clientFor(
  access: OpenAccess,
  region: string,
  stackEnv: Readonly<Record<string, string>>,
): AthenaClient {
  const endpoint = stackEnv.AWS_ENDPOINT_URL_ATHENA ?? stackEnv.AWS_ENDPOINT_URL;
  return new AthenaClient(clientOptions(access, region, endpoint));
}

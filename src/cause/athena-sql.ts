/** The query that finds the events of some resources in a table of CloudTrail's logs, as AWS documents the table. Pure. */
import type { AthenaTable } from '../model/cloud-roles.ts';
import type { CloudTrailRecord, Listed } from './events.ts';

/** The columns of an answer. `useridentity` is read field by field: how a whole struct is written depends on the engine. */
const COLUMNS = {
  id: 'eventid',
  name: 'eventname',
  time: 'eventtime',
  region: 'awsregion',
  account: 'recipientaccountid',
  agent: 'useragent',
  parameters: 'requestparameters',
  resources: "array_join(transform(resources, r -> r.arn), ' ')",
  type: 'useridentity.type',
  principal: 'useridentity.principalid',
  arn: 'useridentity.arn',
  ofAccount: 'useridentity.accountid',
  service: 'useridentity.invokedby',
  user: 'useridentity.username',
  behalf: 'useridentity.onbehalfof.userid',
  issuerArn: 'useridentity.sessioncontext.sessionissuer.arn',
  issuer: 'useridentity.sessioncontext.sessionissuer.username',
} as const;

type Column = keyof typeof COLUMNS;
const NAMES = Object.keys(COLUMNS) as readonly Column[];

/** An event that is read, with what tells which resources it is about. */
export interface AthenaEvent extends Listed {
  readonly record: CloudTrailRecord;
  readonly resources: readonly string[];
  readonly region: string;
  readonly account: string;
}

/** The most events in an answer, the newest first: with more it is not complete. */
export const MOST_EVENTS = 1_000;
/** Athena takes parameters up to this length. */
const LONGEST_PARAMETER = 1_024;
/** The most names in one query, the first ones first. */
const MOST_NAMES = 100;

export interface Query {
  readonly text: string;
  /** A literal of SQL for each `?`. */
  readonly parameters: readonly [string, ...string[]];
}

/**
 * Finds requests that changed something between the times (ms since epoch) and mention a name; null if there is no name.
 * Names come from states and clouds, where anybody may have chosen them: none of them is in the text of the query.
 */
export function eventsQuery(
  { database, table }: Pick<AthenaTable, 'database' | 'table'>,
  names: readonly string[],
  from: number,
  to: number,
): Query | null {
  const asked = [...new Set(names)]
    .filter((name) => literal(name).length <= LONGEST_PARAMETER)
    .slice(0, MOST_NAMES);
  if (asked.length === 0) return null;
  const mentions = asked
    .map(() => '(strpos(requestparameters, ?) > 0 OR any_match(resources, r -> r.arn = ?))')
    .join('\n    OR ');
  const columns = NAMES.map((name) => `${COLUMNS[name]} AS ${identifier(`m0_${name.toLowerCase()}`)}`).join(
    ',\n  ',
  );
  const text = `SELECT ${columns}
FROM ${identifier(database)}.${identifier(table)}
WHERE "timestamp" BETWEEN '${day(from)}' AND '${day(to)}'
  AND eventtime BETWEEN ? AND ?
  AND coalesce("readonly", 'false') <> 'true'
  AND coalesce(errorcode, '') = ''
  AND (${mentions})
ORDER BY eventtime DESC
LIMIT ${MOST_EVENTS}`;
  const parameters = [second(from), second(to), ...asked.flatMap((name) => [name, name])].map(literal);
  return { text, parameters: parameters as unknown as Query['parameters'] };
}

/** Whether the table is there and may be read, at no cost: no partition is of that day. */
export function probeQuery({ database, table }: Pick<AthenaTable, 'database' | 'table'>): string {
  return `SELECT eventid FROM ${identifier(database)}.${identifier(table)} WHERE "timestamp" = '1970/01/01' LIMIT 1`;
}

/** A value as Athena takes it for a parameter: a literal, in which only the quote has a meaning. */
function literal(value: string): string {
  return `'${value.replaceAll("'", "''")}'`;
}

function identifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** `2026/03/02`, as the partitions of the table are named. */
function day(at: number): string {
  return second(at).slice(0, 10).replaceAll('-', '/');
}

/** `2026-03-02T11:58:04Z`, as CloudTrail writes it. */
function second(at: number): string {
  return `${new Date(at).toISOString().slice(0, 19)}Z`;
}

/** One row of an answer, its values in the order of the columns. */
export function readRow(values: readonly (string | undefined)[]): AthenaEvent {
  const text = (column: Column): string | undefined => {
    const value = values[NAMES.indexOf(column)];
    return value === '' ? undefined : value;
  };
  const issuer = { arn: text('issuerArn'), userName: text('issuer') };
  const userIdentity = {
    ...{ type: text('type'), principalId: text('principal'), arn: text('arn'), accountId: text('ofAccount') },
    ...{ invokedBy: text('service'), userName: text('user'), onBehalfOf: { userId: text('behalf') } },
    sessionContext: { sessionIssuer: issuer },
  };
  const region = text('region') ?? '';
  return {
    ...{ id: text('id'), name: text('name'), at: Date.parse(text('time') ?? '') },
    ...{ region, account: text('account') ?? '', resources: text('resources')?.split(' ') ?? [] },
    record: {
      ...{ userIdentity, userAgent: text('agent'), awsRegion: region },
      requestParameters: parsed(text('parameters')),
    },
  };
}

function parsed(json: string | undefined): unknown {
  try {
    return json === undefined ? null : (JSON.parse(json) as unknown);
  } catch {
    return null;
  }
}

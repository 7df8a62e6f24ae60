/**
 * An HTTP server that answers Athena's API from a log. It has no engine: it reads the one form of query that m0 sends,
 * and lets every other fail.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Logged } from './cloudtrail-answers.ts';

interface SeenQuery {
  readonly text: string;
  readonly parameters: readonly string[];
  /** The first and the last day whose partitions are read. */
  readonly days: readonly string[];
}

export interface FakeAthena {
  readonly url: string;
  readonly queries: SeenQuery[];
  readonly stopped: string[];
  /** What the next requests are refused with; null: they are answered. */
  refusal: { readonly code: string; readonly message: string } | null;
  /** Why the next queries fail; null: they do not. */
  failure: string | null;
  /** True: queries never end. */
  isSlow: boolean;
  close(): Promise<void>;
}

interface Request {
  readonly QueryString: string;
  readonly ExecutionParameters?: readonly string[];
  readonly QueryExecutionContext?: { readonly Database?: string };
  readonly WorkGroup?: string;
  readonly ResultConfiguration?: { readonly OutputLocation?: string };
  readonly QueryExecutionId: string;
  readonly NextToken?: string;
}

const FORM =
  /^SELECT ((?:[a-z0-9_.(), '>-]+ AS "m0_[a-z]+"(?:,\n {2})?)+)\nFROM "audit"\."cloudtrail_logs_pp"\nWHERE "timestamp" BETWEEN '(\d{4}\/\d\d\/\d\d)' AND '(\d{4}\/\d\d\/\d\d)'\n {2}AND eventtime BETWEEN \? AND \?\n {2}AND coalesce\("readonly", 'false'\) <> 'true'\n {2}AND coalesce\(errorcode, ''\) = ''\n {2}AND \(((?:\(strpos\(requestparameters, \?\) > 0 OR any_match\(resources, r -> r\.arn = \?\)\)(?:\n {4}OR )?)+)\)\nORDER BY eventtime DESC\nLIMIT 1000$/;
const PROBE =
  /^SELECT eventid FROM "audit"\."cloudtrail_logs_pp" WHERE "timestamp" = '1970\/01\/01' LIMIT 1$/;
/** Pages smaller than what was asked for, so that further ones are read. */
const PAGE = 20;

type Row = readonly (string | undefined)[];

export async function startFakeAthena(log: readonly Logged[]): Promise<FakeAthena> {
  const results = new Map<string, { readonly rows: readonly Row[]; readonly failure: string | null }>();

  function start({ QueryString: text, ExecutionParameters: given = [], ...where }: Request): object {
    const id = `query-${results.size + 1}`;
    const fails = (failure: string): object => {
      results.set(id, { rows: [], failure });
      return { QueryExecutionId: id };
    };
    const form = FORM.exec(text);
    if (form === null && !PROBE.test(text)) return fails(`SYNTAX_ERROR: ${text}`);
    const [, columns = '', first = '', last = ''] = form ?? [];
    fake.queries.push({ text, parameters: given, days: [first, last] });
    if (where.WorkGroup !== 'm0' || where.ResultConfiguration?.OutputLocation !== 's3://acme-athena/m0/') {
      return fails('no such workgroup or place');
    }
    if (fake.failure !== null) return fails(fake.failure);
    if (form === null) {
      results.set(id, { rows: [['eventid']], failure: null });
      return { QueryExecutionId: id };
    }
    const marks = [...text.matchAll(/\?/g)].length;
    if (marks !== given.length)
      return fails(`INVALID_PARAMETER_USAGE: ${marks} marks, ${given.length} values`);
    if (given.some((each) => each.length > 1_024)) return fails('a value is too long');
    // A value that is not one literal would be more SQL.
    const odd = given.find((each) => !/^'(?:[^']|'')*'$/s.test(each));
    if (odd !== undefined) return fails(`SYNTAX_ERROR: ${odd}`);
    const values = given.map((each) => each.slice(1, -1).replaceAll("''", "'"));
    const [from = '', to = '', ...names] = values;
    const aliases = [...columns.matchAll(/AS "(m0_[a-z]+)"/g)].map((match) => match[1] ?? '');
    const rows = log
      .filter(({ record, resources }) => {
        const { eventTime: time } = record;
        const day = time.slice(0, 10).replaceAll('-', '/');
        const parameters = JSON.stringify(record.requestParameters ?? null);
        return (
          day >= first &&
          day <= last &&
          time >= from &&
          time <= to &&
          record.readOnly !== true &&
          record.errorCode === undefined &&
          names.some((name) => parameters.includes(name) || resources.includes(name))
        );
      })
      .sort((a, b) => (a.record.eventTime < b.record.eventTime ? 1 : -1))
      .map((one) => aliases.map((alias) => column(alias, one)));
    results.set(id, { rows: [aliases, ...rows], failure: null });
    return { QueryExecutionId: id };
  }

  function answer(target: string, request: Request): object {
    if (target.endsWith('.StartQueryExecution')) return start(request);
    const { QueryExecutionId: id } = request;
    if (target.endsWith('.StopQueryExecution')) {
      fake.stopped.push(id);
      return {};
    }
    const { rows, failure } = results.get(id) ?? { rows: [], failure: 'unknown' };
    if (target.endsWith('.GetQueryExecution')) {
      const State = fake.isSlow ? 'RUNNING' : failure === null ? 'SUCCEEDED' : 'FAILED';
      const Status = { State, ...(failure === null ? {} : { StateChangeReason: failure }) };
      return { QueryExecution: { QueryExecutionId: id, Status } };
    }
    const at = Number(request.NextToken ?? 0);
    return {
      ResultSet: {
        Rows: rows.slice(at, at + PAGE).map((row) => ({
          Data: row.map((value) => (value === undefined ? {} : { VarCharValue: value })),
        })),
      },
      ...(at + PAGE < rows.length ? { NextToken: String(at + PAGE) } : {}),
    };
  }

  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const type = { 'content-type': 'application/x-amz-json-1.1' };
      if (fake.refusal !== null) {
        const { code, message } = fake.refusal;
        response.writeHead(400, { ...type, 'x-amzn-errortype': code });
        response.end(JSON.stringify({ __type: code, message }));
        return;
      }
      const body = JSON.parse(Buffer.concat(chunks).toString('utf8')) as Request;
      response.writeHead(200, type);
      response.end(JSON.stringify(answer(String(request.headers['x-amz-target']), body)));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const fake: FakeAthena = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    ...{ queries: [], stopped: [], refusal: null, failure: null, isSlow: false },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return fake;
}

/** The value of a column of the standard table, by the name that the query gives it. */
function column(alias: string, { record, resources }: Logged): string | undefined {
  const at = (value: unknown, ...path: readonly string[]): unknown =>
    path.reduce<unknown>((inner, key) => (inner as Record<string, unknown> | undefined)?.[key], value);
  const identity = record.userIdentity;
  const issuer = at(identity, 'sessionContext', 'sessionIssuer');
  const values: Readonly<Record<string, unknown>> = {
    ...{ m0_id: record.eventID, m0_name: record.eventName, m0_time: record.eventTime },
    ...{ m0_region: record.awsRegion, m0_account: record.recipientAccountId, m0_agent: record.userAgent },
    m0_parameters: record.requestParameters == null ? undefined : JSON.stringify(record.requestParameters),
    m0_resources: resources.filter((name) => name.startsWith('arn:')).join(' '),
    ...{
      m0_type: at(identity, 'type'),
      m0_principal: at(identity, 'principalId'),
      m0_arn: at(identity, 'arn'),
    },
    ...{ m0_ofaccount: at(identity, 'accountId'), m0_service: at(identity, 'invokedBy') },
    ...{ m0_user: at(identity, 'userName'), m0_behalf: at(identity, 'onBehalfOf', 'userId') },
    ...{ m0_issuerarn: at(issuer, 'arn'), m0_issuer: at(issuer, 'userName') },
  };
  if (!(alias in values)) throw new Error(`the table has no ${alias}`);
  const value = values[alias];
  return value === undefined ? undefined : String(value);
}

/** An HTTP server that answers CloudTrail's LookupEvents from a log, with its pages and its limits. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Logged } from './cloudtrail-answers.ts';

export interface FakeCloudTrail {
  readonly url: string;
  /** The lookups so far, as `KEY=VALUE in REGION`. */
  readonly lookups: string[];
  /** What the next lookups are refused with; null: they are answered. */
  refusal: { readonly code: string; readonly message: string } | null;
  close(): Promise<void>;
}

interface Question {
  /** Left out: any event. */
  readonly LookupAttributes?: readonly { readonly AttributeKey: string; readonly AttributeValue: string }[];
  readonly StartTime: number;
  readonly EndTime: number;
  readonly MaxResults: number;
  readonly NextToken?: string;
}

export async function startFakeCloudTrail(log: readonly Logged[]): Promise<FakeCloudTrail> {
  const lookups: string[] = [];
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
      const region = /\/\d+\/([a-z0-9-]+)\/cloudtrail\//.exec(request.headers.authorization ?? '')?.[1] ?? '';
      const question = JSON.parse(Buffer.concat(chunks).toString('utf8')) as Question;
      response.writeHead(200, type);
      response.end(JSON.stringify(answer(question, region)));
    });
  });

  function answer({ LookupAttributes, StartTime, EndTime, MaxResults, NextToken }: Question, region: string) {
    const [{ AttributeKey: key, AttributeValue: value } = { AttributeKey: '', AttributeValue: '' }] =
      LookupAttributes ?? [];
    lookups.push(`${key}=${value} in ${region}`);
    const found = log
      .filter(({ record, resources }) => {
        const at = Date.parse(record.eventTime) / 1000;
        const fits = key === 'ResourceName' ? resources.includes(value) : record.eventName === value;
        return fits && at >= StartTime && at <= EndTime && record.awsRegion === region;
      })
      .sort((a, b) => (a.record.eventTime < b.record.eventTime ? 1 : -1));
    const from = Number(NextToken ?? 0);
    return {
      Events: found.slice(from, from + Math.min(MaxResults, 50)).map(({ record, resources }) => ({
        ...{ EventId: record.eventID, EventName: record.eventName, ReadOnly: String(record.readOnly) },
        EventTime: Date.parse(record.eventTime) / 1000,
        Resources: resources.map((name) => ({ ResourceName: name })),
        CloudTrailEvent: JSON.stringify(record),
      })),
      ...(from + MaxResults < found.length ? { NextToken: String(from + MaxResults) } : {}),
    };
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const fake: FakeCloudTrail = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    lookups,
    refusal: null,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return fake;
}

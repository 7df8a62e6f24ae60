/** A small CloudTrail: keeps the calls that changed something in the local cloud, and answers LookupEvents from them. */
import { randomUUID } from 'node:crypto';
import type { RecordedCall } from './recorded-call.ts';

/** Who the holder of an access key is, as CloudTrail writes it. */
export type IdentityOf = (accessKeyId: string) => {
  readonly userIdentity: Readonly<Record<string, unknown>>;
  readonly userName: string;
  /** Null: the request's own. */
  readonly userAgent: string | null;
};

interface LoggedEvent {
  readonly id: string;
  readonly at: number;
  readonly userName: string;
  readonly call: RecordedCall;
  readonly json: string;
}

/** The account of moto. */
export const ACCOUNT = '123456789012';
/** The log forgets the oldest events beyond this number. */
const MOST_EVENTS = 5_000;
const LONGEST_PAGE = 50;

interface Question {
  readonly LookupAttributes?: readonly {
    readonly AttributeKey: string;
    readonly AttributeValue: string;
  }[];
  readonly StartTime?: number;
  readonly EndTime?: number;
  readonly MaxResults?: number;
  readonly NextToken?: string;
}

/** `now`: ms since epoch. */
export function createEventLog(identityOf: IdentityOf, now: () => number) {
  const events: LoggedEvent[] = [];

  return {
    record(call: RecordedCall, request: { readonly userAgent: string; readonly errorCode: string | null }) {
      const id = randomUUID();
      // The log's times are in whole seconds.
      const at = Math.floor(now() / 1000) * 1000;
      const { userIdentity, userName, userAgent } = identityOf(call.accessKeyId);
      const json = JSON.stringify({
        ...{ eventVersion: '1.11', userIdentity, eventTime: new Date(at).toISOString() },
        ...{ eventSource: call.eventSource, eventName: call.eventName, awsRegion: call.region },
        ...{ sourceIPAddress: '127.0.0.1', userAgent: userAgent ?? request.userAgent },
        requestParameters: call.requestParameters,
        ...(request.errorCode === null ? {} : { errorCode: request.errorCode }),
        ...{ eventID: id, readOnly: false, eventType: 'AwsApiCall', managementEvent: true },
        recipientAccountId: ACCOUNT,
      });
      events.unshift({ id, at, userName, call, json });
      events.length = Math.min(events.length, MOST_EVENTS);
    },

    /** The body of an answer to LookupEvents, newest events first. */
    lookUp(question: Question): object {
      const { StartTime = 0, EndTime = Number.POSITIVE_INFINITY } = question;
      const [attribute] = question.LookupAttributes ?? [];
      const found = events.filter(
        ({ at, call, userName }) =>
          at >= StartTime * 1000 &&
          at <= EndTime * 1000 &&
          (attribute === undefined || fits(attribute, call, userName)),
      );
      const from = Number(question.NextToken ?? 0);
      const to = from + Math.min(question.MaxResults ?? LONGEST_PAGE, LONGEST_PAGE);
      return {
        Events: found.slice(from, to).map(({ id, at, userName, call, json }) => ({
          ...{ EventId: id, EventName: call.eventName, ReadOnly: 'false', EventTime: at / 1000 },
          ...{ EventSource: call.eventSource, Username: userName, CloudTrailEvent: json },
          Resources: call.resources.map((name) => ({ ResourceName: name })),
        })),
        ...(to < found.length ? { NextToken: String(to) } : {}),
      };
    },
  };
}

export type EventLog = ReturnType<typeof createEventLog>;

function fits(
  { AttributeKey: key, AttributeValue: value }: { AttributeKey: string; AttributeValue: string },
  call: RecordedCall,
  userName: string,
): boolean {
  if (key === 'ResourceName') return call.resources.includes(value);
  if (key === 'EventName') return call.eventName === value;
  return key === 'Username' && userName === value;
}

/** AWS CloudTrail: who sent the request that changed a resource, from the last 90 days of the account's events. */
import {
  CloudTrailClient,
  type Event,
  type LookupAttribute,
  LookupEventsCommand,
} from '@aws-sdk/client-cloudtrail';
import { errorText } from '../base/error-text.ts';
import type { Stack } from '../model/directory.ts';
import type { CauseAccess, CauseQuestion, CauseSource } from '../ports/cause.ts';
import type { OpenAccess } from '../ports/cloud-access.ts';
import { eventsFor, namesResource } from './attributes.ts';
import { clientOptions } from './client-options.ts';
import { best, type Found, readEvent, recordIn, SECOND_MS } from './events.ts';
import { lookupNames, regionsOf } from './names.ts';
import type { Pace } from './pace.ts';

export interface CloudTrailOptions {
  readonly access: CauseAccess;
  /** Waits until the account and region may be asked again. */
  readonly pace: Pace;
}

const DAY_MS = 86_400_000;
/** CloudTrail keeps events this long. */
const KEPT_MS = 90 * DAY_MS;
const PAGE = 50;
/** The most pages of one lookup, newest events first. */
const MOST_PAGES = 4;
/** The most names of a resource, and the most events by name, that one question looks up. */
const MOST_NAMES = 3;
const MOST_EVENT_NAMES = 2;

/** True if m0.yaml lets this log be asked who changed the stack. */
export function asksCloudTrail({ causes }: Pick<Stack, 'causes'>): boolean {
  return causes?.cloudtrail != null;
}

/** The source that asks CloudTrail's LookupEvents with the role under `causes.cloudtrail` of m0.yaml. */
export function createCloudTrail({ access, pace }: CloudTrailOptions): CauseSource {
  async function lookUp(
    client: CloudTrailClient,
    place: string,
    attribute: LookupAttribute,
    { from, to }: CauseQuestion,
  ): Promise<readonly Event[]> {
    const events: Event[] = [];
    let next: string | undefined;
    for (let page = 0; page < MOST_PAGES; page += 1) {
      await pace(place);
      const answer = await client.send(
        new LookupEventsCommand({
          LookupAttributes: [attribute],
          StartTime: new Date(Math.max(from, to - KEPT_MS)),
          EndTime: new Date(to + SECOND_MS),
          MaxResults: PAGE,
          ...(next === undefined ? {} : { NextToken: next }),
        }),
      );
      events.push(...(answer.Events ?? []));
      next = answer.NextToken;
      if (next === undefined) break;
    }
    return events;
  }

  async function askRegion(client: CloudTrailClient, place: string, question: CauseQuestion) {
    const names = lookupNames(question.names).slice(0, MOST_NAMES);
    const found: Found[] = [];
    for (const name of names) {
      const events = await lookUp(
        client,
        place,
        { AttributeKey: 'ResourceName', AttributeValue: name },
        question,
      );
      found.push(...events.flatMap((event) => read(event, question)));
      if (found.some(({ event }) => event.grade === 'event names the attribute')) return found;
    }
    for (const name of eventsFor(question).slice(0, MOST_EVENT_NAMES)) {
      const events = await lookUp(
        client,
        place,
        { AttributeKey: 'EventName', AttributeValue: name },
        question,
      );
      const all = [...names, ...question.names];
      const own = events.filter(({ CloudTrailEvent: json }) =>
        namesResource(recordIn(json)?.requestParameters, all),
      );
      found.push(...own.flatMap((event) => read(event, question)));
    }
    return found;
  }

  return {
    name: 'CloudTrail',
    asks: asksCloudTrail,
    async ask(question) {
      const settings = question.stack.causes?.cloudtrail;
      if (settings == null) throw new Error(`${question.stack.name} has no causes.cloudtrail in m0.yaml`);
      const opened = await access.open(question.stack, settings);
      const found: Found[] = [];
      for (const region of regionsOf(question.names, settings.regions)) {
        const client = clientFor(opened, region, question.stack.env);
        try {
          found.push(...(await askRegion(client, `${settings.role} ${region}`, question)));
        } catch (cause) {
          throw new Error(`asking CloudTrail in ${region} as ${settings.role}: ${errorText(cause)}`, {
            cause,
          });
        } finally {
          client.destroy();
        }
      }
      return best(found);
    },
  };
}

/** Looks up one event with the stack's role, to prove that it may. Resolves with what was found, as words. */
export async function tryCloudTrail(
  stack: Pick<Stack, 'name' | 'env' | 'causes'>,
  access: CauseAccess,
): Promise<string> {
  const settings = stack.causes?.cloudtrail;
  if (settings == null) throw new Error(`${stack.name} has no causes.cloudtrail in m0.yaml`);
  const opened = await access.open(stack, settings);
  for (const region of settings.regions) {
    const client = clientFor(opened, region, stack.env);
    try {
      await client.send(new LookupEventsCommand({ MaxResults: 1 }));
    } catch (cause) {
      throw new Error(`asking CloudTrail in ${region} as ${settings.role}: ${errorText(cause)}`, { cause });
    } finally {
      client.destroy();
    }
  }
  return `${settings.role} may look up events in ${settings.regions.join(', ')}`;
}

function clientFor(
  access: OpenAccess,
  region: string,
  stackEnv: Readonly<Record<string, string>>,
): CloudTrailClient {
  const endpoint = stackEnv.AWS_ENDPOINT_URL_CLOUDTRAIL ?? stackEnv.AWS_ENDPOINT_URL;
  return new CloudTrailClient(clientOptions(access, region, endpoint));
}

function read({ CloudTrailEvent: json, ...listed }: Event, question: CauseQuestion): readonly Found[] {
  const record = recordIn(json);
  const { EventId: id, EventName: name, EventTime: time, ReadOnly: readOnly } = listed;
  const at = time?.getTime() ?? Date.parse(String(record?.eventTime));
  if (readOnly === 'true') return [];
  return readEvent(record, { id, name, at }, question, question.stack.causes?.cloudtrail?.role ?? '');
}

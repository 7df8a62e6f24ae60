/** Assembles the Teams adapter from its parts. */
import { z } from 'zod';
import type { Clock, Person } from '../../model/directory.ts';
import { ChatError, type ChatPort, type CommandHandler } from '../../ports/chat.ts';
import type { ChatInbox } from '../../ports/chat-store.ts';
import type { DrawPicture } from '../../ports/pictures.ts';
import { carryOutLeft } from '../left-commands.ts';
import { type Activity, conversationOf, readActivity, tenantOf } from './activity.ts';
import { Answerer } from './answer.ts';
import { Connector } from './connector.ts';
import { Conversations, type TeamsMemory } from './conversations.ts';
import { Files } from './files.ts';
import { type GreetingOf, Greetings } from './greetings.ts';
import { Identity, type IdentityOptions, isLoopbackHost, type Refusal } from './identity.ts';
import { Inbox } from './inbox.ts';
import { LIMITS } from './limits.ts';
import { hashedKey } from './notes.ts';
import { TeamsPeople } from './people.ts';
import { Pictures } from './pictures.ts';
import { notAMember, Poster } from './poster.ts';

export interface TeamsOptions extends IdentityOptions {
  readonly people: readonly Person[];
  /** Teams conversations that m0.yaml names. */
  readonly channels: readonly string[];
  readonly store: TeamsMemory & ChatInbox;
  /** Called when m0 was added for a person of m0.yaml; m0 can write to them from then on. */
  readonly onAddedForPerson?: (person: string) => Promise<void>;
  readonly clock: Clock;
  /** Returns 0 to 1. Spreads the retries of many m0 processes over time. */
  readonly random: () => number;
  /**
   * A click is answered with "one moment" after this many ms. The default is shorter than Teams' own limit.
   */
  readonly clickPatienceMs?: number | undefined;
  /** Left out: cards are sent without their pictures. */
  readonly drawPicture?: DrawPicture | undefined;
}

/** `ok` is false while nothing can be posted. A `problem` with `ok` true concerns single channels. */
export interface TeamsHealth {
  readonly ok: boolean;
  readonly problem: string | null;
}

export interface Teams extends ChatPort {
  /** `POST /api/messages`, which Teams' Bot Connector calls. */
  readonly route: { readonly path: string; handle(request: Request): Promise<Response> };
  /**
   * Takes in commands from now on. `greetingOf` builds the first message to a person who adds m0; without it
   * there is none.
   */
  start(handler: CommandHandler, greetingOf?: GreetingOf): Promise<void>;
  /** Knows these people from now on, and nobody else. */
  follow(people: readonly Person[]): void;
  /** Looks up whether m0 is in these channels, for its health. */
  expect(channels: readonly string[]): Promise<void>;
  /** Looks up what other processes have been told of these channels. Rejects with a StoreError. */
  lookAgain(): Promise<void>;
  /** Carries out what processes that are gone have taken in and not carried out. Never rejects. */
  carryOutLeft(): Promise<void>;
  /** Takes in nothing more. Resolves when all activities are answered. */
  stop(): Promise<void>;
  healthy(): TeamsHealth;
}

const channelList = z.object({
  conversations: z.array(z.object({ id: z.string().min(1) })),
});
const LOG_EVERY_MS = 60_000;

/** The Teams adapter, built on the Bot Connector. Throws where the options are not safe. */
export function createTeams(options: TeamsOptions): Teams {
  const { store, log, clock } = options;
  const identity = new Identity(options);
  const connector = new Connector(identity, clock, options.random);
  const conversations = new Conversations(store);
  const people = new TeamsPeople(options.people);
  const poster = new Poster({
    ...{ connector, conversations, people, store, clock },
    pictures: new Pictures(options.drawPicture ?? null, log),
  });
  const files = new Files({ poster, people, store, clock, isLocal: options.connector !== undefined, log });
  const answerer = new Answerer({ poster, people, store, clock, files, log });
  const isNewEvent = (key: string): Promise<boolean> => store.isNewEvent('teams', hashedKey(key), clock());
  const greetings = new Greetings(store, clock);
  let inbox: Inbox | null = null;
  let stopped = false;
  let refused = 0;
  let loggedAt = Number.NEGATIVE_INFINITY;

  if (identity.open) log.warn('Teams: without an app id anybody on this machine can act as anybody');

  function refuse({ status, why }: Refusal): Response {
    refused += 1;
    const now = clock();
    if (now - loggedAt >= LOG_EVERY_MS || now < loggedAt) {
      log.warn({ refused, why }, 'Teams requests were refused');
      loggedAt = now;
      refused = 0;
    }
    return textResponse(status, 'refused');
  }

  /**
   * Handles that m0 was added. In a team m0 may write to every channel, but has to ask Teams for their ids.
   */
  async function onAdded(activity: Activity): Promise<void> {
    connector.forget(conversationOf(activity));
    const team = activity.channelData?.team?.id;
    if (team === undefined) return;
    const { serviceUrl, recipient } = activity;
    const where = { serviceUrl, botId: recipient.id, tenantId: tenantOf(activity) };
    // Marked as not listed first: if the call fails or a restart interrupts it, the team's next activity
    // repeats it.
    await conversations.addTo(team, [], where, false);
    const answer = await connector.callWithWait('asking for the channels of a team', {
      serviceUrl,
      method: 'GET',
      path: ['teams', team, 'conversations'],
      conversation: null,
    });
    const ids = channelList.parse(answer).conversations.map(({ id }) => id);
    await conversations.addTo(team, ids, where, true);
    for (const id of ids) connector.forget(id);
  }

  async function lookForLeft(of: Inbox): Promise<void> {
    await carryOutLeft({
      ...{ inbox: store, platform: 'teams', log },
      carryOut: (...command) => of.carryOutLeft(...command),
    });
  }

  async function handle(request: Request): Promise<Response> {
    if (inbox === null || stopped) return textResponse(503, 'not at work');
    // A web page can send any other content type to this machine without a CORS preflight.
    if (!/^application\/json\b/i.test(request.headers.get('content-type') ?? '')) {
      return textResponse(415, 'only application/json is taken here');
    }
    if (identity.open && !isLocal(request)) {
      return refuse({ status: 403, why: 'it comes from a web page, or through a proxy' });
    }
    const authorization = request.headers.get('authorization') ?? '';
    if (!identity.open && authorization === '') return refuse({ status: 401, why: 'no token' });
    const body = await bodyOf(request);
    if (body === null) return textResponse(413, `at most ${LIMITS.requestBytes} bytes are taken here`);
    const activity = readActivity(parsed(body));
    if (activity === null) return textResponse(400, 'the body is no activity of Teams');
    const refusal = await identity.refusalOf(activity, authorization, people.isKnown);
    if (refusal !== null) return refuse(refusal);
    const answer = await inbox.handle(activity);
    if (answer === 'unknown') return textResponse(501, 'm0 does not do that');
    return answer === null ? new Response(null, { status: 200 }) : Response.json(answer);
  }

  return {
    platform: 'teams',
    route: { path: '/api/messages', handle },
    post: (place, card, key) => poster.post(place, card, key),
    find: (place, key) => poster.find(place, key),
    update: (channel, messageId, card) => poster.update(channel, messageId, card),
    reply: (channel, messageId, text, key, _loud, mention) =>
      poster.reply(channel, messageId, text, key, mention),
    linkTo: (channel, messageId) => poster.linkTo(channel, messageId),
    async usergroup(id) {
      throw new ChatError(`reading the members of ${id}: Teams has no user groups`, { permanent: true });
    },
    follow: (next) => people.follow(next),
    expect: (channels) => conversations.expect(channels),
    lookAgain: () => conversations.lookAgain(),
    async start(handler, greetingOf) {
      if (inbox !== null) throw new Error('starting Teams: it was started before');
      await conversations.expect(options.channels);
      const { onAddedForPerson = async () => {}, clickPatienceMs } = options;
      const parts = {
        people,
        conversations,
        answerer,
        files,
        isNewEvent,
        takeIn: (key: string, activity: Activity) =>
          store.takeIn('teams', hashedKey(key), JSON.stringify(activity), clock()),
        keepIn: (key: string, activity: Activity) =>
          store.keepIn('teams', hashedKey(key), JSON.stringify(activity), clock()),
        carriedOut: (key: string) => store.carriedOut('teams', hashedKey(key)),
        onAdded,
        onAddedForPerson,
        log,
        clickPatienceMs,
      };
      const of = new Inbox({ ...parts, greetings, greetingOf }, handler);
      // Nothing new is taken in before: until then requests are refused, and Teams sends them again.
      await lookForLeft(of);
      inbox = of;
    },
    async carryOutLeft() {
      if (inbox !== null && !stopped) await lookForLeft(inbox);
    },
    async stop() {
      stopped = true;
      await inbox?.drained();
    },
    healthy() {
      if (stopped) return { ok: false, problem: 'stopped' };
      const problem = connector.appProblem();
      if (problem !== null) return { ok: false, problem };
      const problems = [...conversations.unseen().map(notAMember), ...connector.problems()];
      return { ok: true, problem: problems.length > 0 ? problems.join('; ') : null };
    },
  };
}

/** Headers that proxies add. */
const PROXY_HEADERS = /^(forwarded|via|x-forwarded-.*|x-real-ip|x-original-.*|cf-connecting-ip)$/;

/**
 * False for a request that a browser sends for a web page, for host names other than this machine's, and for
 * requests that a proxy on this machine forwards.
 */
function isLocal(request: Request): boolean {
  const host = new URL(request.url).hostname;
  if ([...request.headers.keys()].some((name) => PROXY_HEADERS.test(name))) return false;
  return !request.headers.has('origin') && isLoopbackHost(host);
}

function textResponse(status: number, text: string): Response {
  // The rest of a body that was not read must not be read as the next request.
  return new Response(`${text}\n`, { status, headers: { connection: 'close' } });
}

/** The body, or null where it is larger than allowed. */
async function bodyOf(request: Request): Promise<string | null> {
  if (Number(request.headers.get('content-length') ?? 0) > LIMITS.requestBytes) return null;
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of request.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > LIMITS.requestBytes) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

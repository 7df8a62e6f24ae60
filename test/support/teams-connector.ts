/**
 * The far end of Teams on this machine: a Bot Connector that takes a bot's calls over HTTP and refuses what Teams
 * refuses, and people who write, click and fill in forms. What it sends to the bot is signed as Microsoft signs it.
 */
import { generateKeyPairSync, randomUUID, sign } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { refuseCard } from './adaptive-card.ts';

export const APP_ID = '11111111-1111-4111-8111-111111111111';
export const TENANT = '22222222-2222-4222-8222-222222222222';
/** What the bot proves itself with. */
export const CONNECTOR_TOKEN = 'local-connector-token';
const BOT = `28:${APP_ID}`;
const ISSUER = 'https://api.botframework.com';

type Json = Readonly<Record<string, unknown>>;
/** What becomes of a call of the bot's: it arrives, it never does, its answer gets lost, or it is answered so. */
export type Fault =
  | 'pass'
  | 'lose-answer'
  | 'lose-call'
  | { readonly status: number; readonly retryAfter?: number; readonly code?: string; readonly body?: object };

export interface TeamsMessage {
  readonly id: string;
  readonly conversation: string;
  /** The root message of the thread it stands in; null: it is one itself. */
  readonly thread: string | null;
  readonly from: string;
  /** The one who sees it, as `29:…`; null: everybody. */
  readonly visibleTo: string | null;
  card: Json | null;
  summary: string;
}

export interface TeamsPerson {
  readonly aadObjectId: string;
  readonly name: string;
}

/** What a click was answered with. */
export interface Clicked {
  readonly status: number;
  /** The bar under the card, seen by who clicked. */
  readonly bar: string | null;
  /** The card that took the clicked one's place, for who clicked. */
  readonly card: Json | null;
}

export interface ConnectorOptions {
  /** Team id -> its channels. */
  readonly teams: Readonly<Record<string, readonly string[]>>;
  readonly groupChats?: readonly string[];
  readonly people: readonly TeamsPerson[];
  /** True: for a bot without an app id, so nothing is signed on either side. */
  readonly open?: boolean;
}

/** Every object of a card of that type, in order. */
export function elements(value: unknown, type: string): Json[] {
  if (Array.isArray(value)) return value.flatMap((entry) => elements(entry, type));
  if (typeof value !== 'object' || value === null) return [];
  const own = 'type' in value && value.type === type ? [value as Json] : [];
  return [...own, ...Object.values(value).flatMap((entry) => elements(entry, type))];
}

/** All that a card shows as text. */
export function textOfCard(card: unknown): string {
  return elements(card, 'RichTextBlock')
    .map((block) =>
      elements(block, 'TextRun')
        .map((run) => run.text)
        .join(''),
    )
    .join('\n');
}

export type TeamsConnector = Awaited<ReturnType<typeof startConnector>>;

export async function startConnector(options: ConnectorOptions) {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const jwk = publicKey.export({ format: 'jwk' });
  const kid = randomUUID();
  const messages: TeamsMessage[] = [];
  const personal = new Map<string, string>();
  const installed = new Set(options.people.map((p) => p.aadObjectId));
  const inTeams = new Set<string>();
  const calls: string[] = [];
  const waiting = new Set<() => void>();
  let fault: (call: string) => Fault = () => 'pass';
  let targeted = true;
  let botUrl = '';
  let ids = 1_700_000_000_000;
  const nextId = (): string => {
    ids += 1;
    return String(ids);
  };

  const teamOf = (channel: string): string | undefined =>
    Object.entries(options.teams).find(([, channels]) => channels.includes(channel))?.[0];
  const changed = (): void => {
    for (const look of waiting) look();
  };

  const server = createServer((request, response) => {
    handle(request, response).catch((error: unknown) => {
      response.writeHead(500).end(String(error));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const serviceUrl = `${url}/emea/`;

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks).toString('utf8');
    const json = (status: number, value: unknown, headers: Record<string, string> = {}): void => {
      response.writeHead(status, { 'content-type': 'application/json', ...headers });
      response.end(JSON.stringify(value));
    };
    const no = (status: number, code: string, message = code): void =>
      json(status, { error: { code, message } });
    const [address = '', query = ''] = (request.url ?? '').split('?');
    const path = address.split('/').slice(1).map(decodeURIComponent);
    if (path[0] === 'openid') return json(200, { issuer: ISSUER, jwks_uri: `${url}/keys` });
    if (path[0] === 'keys')
      return json(200, { keys: [{ ...jwk, kid, use: 'sig', endorsements: ['msteams'] }] });
    if (path[0] !== 'emea' || path[1] !== 'v3') return no(404, 'NotFound');
    const proof = options.open ? undefined : `Bearer ${CONNECTOR_TOKEN}`;
    if (request.headers.authorization !== proof) return no(401, 'Unauthorized');
    const call = `${request.method} ${path.slice(2).join('/')}`;
    calls.push(call);
    const happens = fault(call);
    if (happens === 'lose-call') return void request.socket.destroy();
    if (typeof happens === 'object') {
      const { status, retryAfter, code = 'Fault', body = { error: { code, message: code } } } = happens;
      return json(status, body, retryAfter === undefined ? {} : { 'retry-after': String(retryAfter) });
    }
    const only = query === 'isTargetedActivity=true';
    const answer = take(request.method ?? '', path.slice(2), body === '' ? {} : JSON.parse(body), only);
    changed();
    if (happens === 'lose-answer') return void request.socket.destroy();
    if ('error' in answer) return no(answer.status, answer.error, answer.message);
    return json(answer.status, answer.body);
  }

  type Answer =
    | { readonly status: number; readonly body: unknown }
    | { readonly status: number; readonly error: string; readonly message?: string };

  function take(method: string, path: readonly string[], body: Json, only: boolean): Answer {
    const [what, id = '', sub, messageId] = path;
    if (what === 'teams' && sub === 'conversations' && method === 'GET') {
      if (!inTeams.has(id)) return { status: 403, error: 'BotNotInConversationRoster' };
      return { status: 200, body: { conversations: (options.teams[id] ?? []).map((c) => ({ id: c })) } };
    }
    if (what !== 'conversations') return { status: 404, error: 'NotFound' };
    if (id === '' && method === 'POST') {
      const members = body.members as readonly { readonly id: string }[] | undefined;
      const person = members?.[0]?.id ?? '';
      if (!options.people.some((p) => p.aadObjectId === person))
        return { status: 404, error: 'UserNotFound' };
      if (!installed.has(person)) return { status: 403, error: 'BotNotInConversationRoster' };
      if (body.tenantId !== TENANT) return { status: 403, error: 'ForbiddenTenant' };
      return { status: 201, body: { id: openChat(person) } };
    }
    const [conversation = '', thread = null] = id.split(';messageid=');
    const refused = refuseConversation(conversation);
    if (refused !== null) return refused;
    if (method === 'POST' && sub === 'activities') {
      if (thread !== null && !messages.some((m) => m.id === thread && m.conversation === conversation)) {
        return { status: 404, error: 'ConversationNotFound' };
      }
      const bad = refuseActivity(body);
      if (bad !== null) return bad;
      const recipient = (body.recipient as { readonly id?: string } | undefined)?.id ?? null;
      if (only && (!targeted || recipient === null || conversation.startsWith('a:'))) {
        return { status: 400, error: 'BadArgument' };
      }
      const message: TeamsMessage = {
        id: nextId(),
        conversation,
        thread,
        from: BOT,
        visibleTo: only ? recipient : null,
        card: cardOf(body),
        summary: String(body.summary ?? ''),
      };
      messages.push(message);
      return { status: 201, body: { id: message.id } };
    }
    const message = messages.find((m) => m.id === messageId && m.conversation === conversation);
    if (message === undefined || message.from !== BOT) return { status: 404, error: 'ActivityNotFound' };
    if (only !== (message.visibleTo !== null))
      return { status: 404, error: 'ActivityNotFoundInConversation' };
    if (only && body.recipient !== undefined) return { status: 400, error: 'BadArgument' };
    if (method === 'DELETE') {
      messages.splice(messages.indexOf(message), 1);
      return { status: 200, body: {} };
    }
    if (method !== 'PUT') return { status: 405, error: 'MethodNotAllowed' };
    const bad = refuseActivity(body);
    if (bad !== null) return bad;
    message.card = cardOf(body);
    message.summary = String(body.summary ?? '');
    return { status: 200, body: { id: message.id } };
  }

  function refuseConversation(conversation: string): Answer | null {
    const person = [...personal].find(([, chat]) => chat === conversation)?.[0];
    if (person !== undefined) {
      return installed.has(person) ? null : { status: 403, error: 'BotNotInConversationRoster' };
    }
    if (options.groupChats?.includes(conversation)) return null;
    const team = teamOf(conversation);
    if (team === undefined) return { status: 404, error: 'ConversationNotFound' };
    return inTeams.has(team) ? null : { status: 403, error: 'BotNotInConversationRoster' };
  }

  function refuseActivity(body: Json): Answer | null {
    if (Buffer.byteLength(JSON.stringify(body)) > 100 * 1024)
      return { status: 413, error: 'MessageSizeTooBig' };
    const card = cardOf(body);
    if ((body.from as Json | undefined)?.id !== BOT) return { status: 400, error: 'MissingProperty' };
    if (body.type !== 'message' || card === null) return { status: 400, error: 'BadSyntax' };
    const [problem] = refuseCard(card);
    return problem === undefined ? null : { status: 400, error: 'BadArgument', message: problem };
  }

  function cardOf(body: Json): Json | null {
    const [attachment] = (body.attachments ?? []) as readonly Json[];
    if (attachment?.contentType !== 'application/vnd.microsoft.card.adaptive') return null;
    return attachment.content as Json;
  }

  function openChat(person: string): string {
    const chat = personal.get(person) ?? `a:${person}`;
    personal.set(person, chat);
    return chat;
  }

  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  /** A token as the Bot Connector signs it, with these claims changed. */
  function token(change: Json = {}, key = privateKey): string {
    const now = Math.floor(Date.now() / 1000);
    const claims = {
      iss: ISSUER,
      aud: APP_ID,
      nbf: now - 60,
      exp: now + 3_600,
      serviceurl: serviceUrl,
      ...change,
    };
    const signed = `${part({ alg: 'RS256', typ: 'JWT', kid })}.${part(claims)}`;
    return `${signed}.${sign('RSA-SHA256', Buffer.from(signed), key).toString('base64url')}`;
  }

  /** An activity as Teams sends it, from somebody in a conversation. */
  function activity(person: string, conversation: string, change: Json): Json {
    const known = options.people.find((p) => p.aadObjectId === person);
    const team = teamOf(conversation.split(';')[0] ?? '');
    const chat = conversation.startsWith('a:');
    return {
      id: nextId(),
      channelId: 'msteams',
      serviceUrl,
      timestamp: new Date().toISOString(),
      from: { id: `29:${person}`, name: known?.name ?? 'Somebody', aadObjectId: person },
      recipient: { id: BOT, name: 'm0' },
      conversation: {
        id: conversation,
        tenantId: TENANT,
        conversationType: team ? 'channel' : chat ? 'personal' : 'groupChat',
      },
      channelData: {
        tenant: { id: TENANT },
        ...(team ? { team: { id: team }, channel: { id: conversation.split(';')[0] } } : {}),
      },
      ...change,
    };
  }

  /** Hands an activity to the bot and answers what the bot said. */
  async function deliver(
    sent: Json,
    authorization: string | null = options.open ? null : `Bearer ${token()}`,
  ): Promise<{ readonly status: number; readonly body: Json | null }> {
    const response = await fetch(`${botUrl}/api/messages`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...(authorization === null ? {} : { authorization }),
      },
      body: JSON.stringify(sent),
    });
    const text = await response.text();
    changed();
    return { status: response.status, body: text.startsWith('{') ? (JSON.parse(text) as Json) : null };
  }

  /** What `look` finds, as soon as it does. */
  async function waitFor<T>(look: () => T | null | undefined | false, ms: number): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const again = (): void => {
      const found = look();
      if (found !== null && found !== undefined && found !== false) resolve(found);
    };
    const timer = setTimeout(() => reject(new Error(`waited ${ms} ms in vain for ${look}`)), ms);
    waiting.add(again);
    again();
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      waiting.delete(again);
    }
  }

  const threadId = ({ conversation, thread, id }: TeamsMessage): string =>
    teamOf(conversation) === undefined ? conversation : `${conversation};messageid=${thread ?? id}`;

  async function invoke(person: string, message: TeamsMessage, action: Json, inputs: Json): Promise<Clicked> {
    const data = { ...(action.data as Json), ...inputs };
    const value = { action: { type: 'Action.Execute', title: action.title, verb: action.verb, data } };
    const { status, body } = await deliver(
      activity(person, threadId(message), {
        type: 'invoke',
        name: 'adaptiveCard/action',
        replyToId: message.id,
        value,
      }),
    );
    const answer = body?.value;
    return {
      status,
      bar: typeof answer === 'string' ? answer : null,
      card: typeof answer === 'object' && answer !== null ? (answer as Json) : null,
    };
  }

  return {
    url,
    serviceUrl,
    openIdMetadata: `${url}/openid`,
    calls,
    token,
    activity,
    deliver,
    waitFor,
    connect(url: string): void {
      botUrl = url;
    },
    set fault(next: (call: string) => Fault) {
      fault = next;
    },
    /** Whether clients show messages that only one person sees. */
    set targeted(able: boolean) {
      targeted = able;
    },
    /** Root messages of a conversation that all see, oldest first. */
    in: (conversation: string): readonly TeamsMessage[] =>
      messages.filter((m) => m.conversation === conversation && m.thread === null && m.visibleTo === null),
    replies: (id: string): readonly TeamsMessage[] =>
      messages.filter((m) => m.thread === id && m.visibleTo === null),
    /** What only this person sees. */
    whispers: (person: string): readonly TeamsMessage[] =>
      messages.filter((m) => m.visibleTo === `29:${person}`),
    chat: (person: string): string => openChat(person),
    /** The app is added to a team. */
    async addToTeam(team: string): Promise<void> {
      inTeams.add(team);
      const [general = ''] = options.teams[team] ?? [];
      await deliver(activity('admin', general, { type: 'conversationUpdate', membersAdded: [{ id: BOT }] }));
    },
    uninstall(person: string): void {
      installed.delete(person);
    },
    as(person: string) {
      return {
        /** Writes a message; `@m0` in it is a mention. Unmentioned ones in a channel never reach a bot. */
        async say(conversation: string, text: string, thread: string | null = null): Promise<void> {
          const where = teamOf(conversation);
          const id = nextId();
          messages.push({
            id,
            conversation,
            thread,
            from: person,
            visibleTo: null,
            card: null,
            summary: text,
          });
          changed();
          const mentioned = text.includes('@m0');
          if (!mentioned && !conversation.startsWith('a:')) return;
          const full = where === undefined ? conversation : `${conversation};messageid=${thread ?? id}`;
          const escaped = text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
          await deliver(
            activity(person, full, {
              id,
              type: 'message',
              text: escaped.replace('@m0 ', '<at>m0 (test)</at>&nbsp;'),
              entities: mentioned
                ? [{ type: 'mention', text: '<at>m0 (test)</at>', mentioned: { id: BOT, name: 'm0 (test)' } }]
                : [],
            }),
          );
        },
        /** Chooses a slash command, which nobody else sees. */
        async slash(conversation: string, text: string): Promise<void> {
          await deliver(
            activity(person, conversation, {
              type: 'message',
              text,
              recipient: { id: BOT, isTargeted: true },
            }),
          );
        },
        /** Presses the button with this title; one inside a dialog is pressed by the dialog's and its own. */
        click(
          message: TeamsMessage,
          title: string,
          inputs: Json = {},
          card = message.card,
        ): Promise<Clicked> {
          const action = elements(card, 'Action.Execute').find((a) => a.title === title);
          if (action === undefined) throw new Error(`no button "${title}" on ${textOfCard(card)}`);
          return invoke(person, message, action, inputs);
        },
      };
    },
    close: (): Promise<void> =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

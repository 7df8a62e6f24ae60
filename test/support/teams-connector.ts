/** The sandbox's local Teams on its own port, with injected faults and a record of API calls. */
import type { KeyObject } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Clicked, DriveFile, Json, TeamsMessage, TeamsPerson } from '../../src/sandbox/teams/model.ts';
import { LocalTeams } from '../../src/sandbox/teams/teams.ts';

export type { Clicked, TeamsMessage, TeamsPerson } from '../../src/sandbox/teams/model.ts';

export const APP_ID = '11111111-1111-4111-8111-111111111111';
export const TENANT = '22222222-2222-4222-8222-222222222222';
/** The bearer token that the bot must send. */
export const CONNECTOR_TOKEN = 'local-connector-token';

/** What happens to a call of the bot: it passes, is lost, its answer is lost, or it gets this answer. */
export type Fault =
  | 'pass'
  | 'lose-answer'
  | 'lose-call'
  | { readonly status: number; readonly retryAfter?: number; readonly code?: string; readonly body?: object };

export interface ConnectorOptions {
  /** Channels by team id. */
  readonly teams: Readonly<Record<string, readonly string[]>>;
  readonly groupChats?: readonly string[];
  readonly people: readonly TeamsPerson[];
  /** True: the bot has no app id, so requests carry no tokens in either direction. */
  readonly open?: boolean;
  /** A free one if left out. */
  readonly port?: number;
}

/** All objects of this type in a card, in order. */
export function elements(value: unknown, type: string): Json[] {
  if (Array.isArray(value)) return value.flatMap((entry) => elements(entry, type));
  if (typeof value !== 'object' || value === null) return [];
  const own = 'type' in value && value.type === type ? [value as Json] : [];
  return [...own, ...Object.values(value).flatMap((entry) => elements(entry, type))];
}

/** All visible text of a card. */
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

async function requestOf(incoming: IncomingMessage, url: string): Promise<Request> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  const { method = 'GET', headers } = incoming;
  return new Request(url + (incoming.url ?? ''), {
    method,
    headers: headers as Record<string, string>,
    ...(chunks.length > 0 ? { body: Buffer.concat(chunks) } : {}),
  });
}

export async function startConnector(options: ConnectorOptions) {
  const calls: string[] = [];
  const edits: { readonly id: string; readonly text: string }[] = [];
  let fault: (call: string) => Fault = () => 'pass';

  const server = createServer((incoming, response) => {
    handle(incoming, response).catch((error: unknown) => {
      response.writeHead(500).end(String(error));
    });
  });
  await new Promise<void>((resolve) => server.listen(options.port ?? 0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const teams = new LocalTeams({
    url,
    appId: APP_ID,
    tenantId: TENANT,
    botName: 'm0 (test)',
    accessToken: options.open ? null : CONNECTOR_TOKEN,
    teams: Object.entries(options.teams).map(([id, channels]) => ({
      id,
      name: id,
      channels: channels.map((channel) => ({ id: channel, name: channel })),
    })),
    groupChats: (options.groupChats ?? []).map((id) => ({ id, name: id })),
    people: options.people,
  });
  const { organisation, bot } = teams;

  async function handle(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const request = await requestOf(incoming, url);
    const [, called] = new URL(request.url).pathname.split('/emea/v3/');
    const call = called?.split('/').map(decodeURIComponent).join('/');
    if (call !== undefined) calls.push(`${request.method} ${call}`);
    if (call !== undefined && request.method === 'PUT')
      edits.push({ id: call.split('/').at(-1) ?? '', text: textOfCard(await request.clone().json()) });
    const happens = call === undefined ? 'pass' : fault(`${request.method} ${call}`);
    if (happens === 'lose-call') return void incoming.socket.destroy();
    const answer = typeof happens === 'object' ? faulty(happens) : await teams.handle(request);
    if (happens === 'lose-answer') return void incoming.socket.destroy();
    response.writeHead(answer.status, Object.fromEntries(answer.headers));
    response.end(await answer.text());
  }

  /** Resolves with what `look` finds, as soon as it finds something. `seen`: what there is instead, for the error. */
  async function waitFor<T>(
    look: () => T | null | undefined | false,
    ms: number,
    seen: () => string = () => '',
  ): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const again = (): void => {
      const found = look();
      if (found !== null && found !== undefined && found !== false) resolve(found);
    };
    const timer = setTimeout(
      () => reject(new Error(`waited ${ms} ms in vain for ${look}\n${seen()}`.trimEnd())),
      ms,
    );
    const forget = organisation.onChange(again);
    // Also polls: refused calls and messages elsewhere do not change the organisation, so no event announces them.
    const now = setInterval(again, 100);
    again();
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      clearInterval(now);
      forget();
    }
  }

  const byBot = (m: TeamsMessage): boolean => m.from === organisation.botId;

  return {
    url,
    serviceUrl: teams.serviceUrl,
    openIdMetadata: teams.openIdMetadata,
    /** The bot's id in Teams. */
    botId: organisation.botId,
    calls,
    /** The edits that the bot has asked for: of which message, and the text of the card. */
    edits,
    token: (change: Json = {}, key?: KeyObject): string => teams.signer.token(change, key),
    activity: (person: string, conversation: string, change: Json): Json =>
      bot.activity(person, conversation, change),
    deliver: (sent: Json, authorization?: string | null) => bot.deliver(sent, authorization),
    waitFor,
    connect: (address: string): void => bot.connect(address),
    set fault(next: (call: string) => Fault) {
      fault = next;
    },
    /** Whether Teams clients support messages visible to one person only. */
    set targeted(able: boolean) {
      organisation.targeted = able;
    },
    /** Root messages of a conversation that everybody sees, oldest first. */
    in: (conversation: string): readonly TeamsMessage[] =>
      organisation.messages.filter(
        (m) => m.conversation === conversation && m.thread === null && m.visibleTo === null,
      ),
    replies: (id: string): readonly TeamsMessage[] =>
      organisation.messages.filter((m) => m.thread === id && m.visibleTo === null),
    /** Messages that only this person sees. */
    whispers: (person: string): readonly TeamsMessage[] =>
      organisation.messages.filter((m) => m.visibleTo === `29:${person}` && byBot(m)),
    /** The files that m0 has stored in people's OneDrives. */
    stored: (): readonly DriveFile[] =>
      Object.values(organisation.files).filter((file) => file.text !== null),
    chat: (person: string): string => organisation.chatOf(person),
    /** Adds the app to a team. */
    addToTeam: (team: string): Promise<void> => teams.addToTeam(team),
    /** A person deletes the message. */
    remove: (message: TeamsMessage): void => organisation.remove(message),
    uninstall(person: string): void {
      organisation.installed.delete(person);
    },
    /** Installs the app for a person. */
    install: (person: string): Promise<void> => teams.addFor(person),
    as(person: string) {
      const acts = teams.as(person);
      return {
        say: (conversation: string, text: string, thread: string | null = null): Promise<void> =>
          acts.say(conversation, text, thread),
        acceptFile: (message: TeamsMessage): Promise<number> => acts.acceptFile(message),
        declineFile: (message: TeamsMessage): Promise<number> => acts.declineFile(message),
        slash: (conversation: string, text: string): Promise<void> => acts.slash(conversation, text),
        /** Presses the button with this title, also one inside a dialog. */
        click(
          message: TeamsMessage,
          title: string,
          inputs: Json = {},
          card = message.card,
        ): Promise<Clicked> {
          const action = elements(card, 'Action.Execute').find((a) => a.title === title);
          if (action === undefined) throw new Error(`no button "${title}" on ${textOfCard(card)}`);
          const data = { ...(action.data as Json), ...inputs };
          return acts.press(message, { title: action.title, verb: action.verb, data });
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

function faulty(fault: Exclude<Fault, string>): Response {
  const { status, retryAfter, code = 'Fault', body = { error: { code, message: code } } } = fault;
  const headers = retryAfter === undefined ? {} : { 'retry-after': String(retryAfter) };
  return Response.json(body, { status, headers });
}

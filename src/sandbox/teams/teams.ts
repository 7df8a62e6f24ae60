/** The local Teams: its HTTP side and its people. */
import { timingSafeEqual } from 'node:crypto';
import { isLoopbackHost } from '../workspace/loopback.ts';
import { BotConnection } from './bot-connection.ts';
import { answerCall } from './bot-connector.ts';
import { answerDrive } from './files.ts';
import type { Json } from './model.ts';
import { Organisation, type OrganisationOptions } from './organisation.ts';
import { TeamsClient } from './person.ts';
import { RateLimiter, type Rates } from './rates.ts';
import { Signer } from './signing.ts';

export interface LocalTeamsOptions extends OrganisationOptions {
  /** Address of `handle`, without a final slash. */
  readonly url: string;
  /** The name by which people mention the bot. */
  readonly botName: string;
  /** The token that the bot must send. Null: a bot without an app id, and requests to it are not signed. */
  readonly accessToken: string | null;
  /** Rate limits; none by default. */
  readonly rates?: Rates;
}

/**
 * A Microsoft Teams on this machine: a Bot Connector that takes a bot's calls over HTTP and refuses what
 * Teams refuses, and people who write, click and fill in forms. Requests to the bot are signed as Microsoft
 * signs them.
 */
export class LocalTeams {
  readonly organisation: Organisation;
  readonly signer: Signer;
  readonly bot: BotConnection;
  readonly serviceUrl: string;
  readonly openIdMetadata: string;
  readonly #url: string;
  readonly #accessToken: string | null;
  readonly #limiter: RateLimiter;

  constructor(options: LocalTeamsOptions) {
    this.#url = options.url;
    this.#accessToken = options.accessToken;
    this.#limiter = new RateLimiter(options.rates ?? []);
    this.serviceUrl = `${options.url}/emea/`;
    this.organisation = new Organisation(options);
    this.signer = new Signer(options.appId, this.serviceUrl, this.organisation.now);
    this.openIdMetadata = `${options.url}/openid/${this.signer.keyId}`;
    const proof = (): string | null =>
      options.accessToken === null ? null : `Bearer ${this.signer.token()}`;
    this.bot = new BotConnection(this.organisation, options.botName, this.serviceUrl, proof);
  }

  /** Acts as a person, by their Entra object id. */
  as(aadObjectId: string): TeamsClient {
    return new TeamsClient(this.organisation, this.bot, aadObjectId, `${this.#url}/drive`);
  }

  /** Adds the app to a team and notifies the bot. Throws for an unknown team. */
  async addToTeam(id: string): Promise<void> {
    const team = this.organisation.teams.find((t) => t.id === id);
    if (team === undefined) throw new Error(`adding the app to the team ${id}: there is none`);
    this.organisation.inTeams.add(id);
    const added = { type: 'conversationUpdate', membersAdded: [{ id: this.organisation.botId }] };
    await this.bot.deliver(this.bot.activity('admin', team.channels[0]?.id ?? '', added));
  }

  /** Adds the app for a person and notifies the bot. */
  async addFor(aadObjectId: string): Promise<void> {
    this.organisation.installed.add(aadObjectId);
    const chat = this.organisation.chatOf(aadObjectId);
    const added = { type: 'installationUpdate', action: 'add' };
    await this.bot.deliver(this.bot.activity(aadObjectId, chat, added));
  }

  /** Handles the bot's calls, and serves the addresses of the keys. */
  async handle(request: Request): Promise<Response> {
    // Bots send no Origin header; web pages do, and must not use the connector.
    if (request.headers.has('origin') || !isLoopbackHost(request.headers.get('host') ?? undefined)) {
      return new Response('only for bots on this machine', { status: 403 });
    }
    const { pathname, searchParams } = new URL(request.url);
    const path = pathname
      .slice(new URL(this.#url).pathname.replace(/\/$/, '').length)
      .split('/')
      .slice(1)
      .map(decodeURIComponent);
    if (path[0] === 'openid') return Response.json(this.signer.metadata(`${this.#url}/keys`));
    if (path[0] === 'keys') return Response.json(this.signer.keys());
    if (path[0] === 'drive') return answerDrive(this.organisation, path[1] ?? '', request);
    if (path[0] !== 'emea' || path[1] !== 'v3') return refused(404, 'NotFound');
    if (!this.#isProven(request.headers.get('authorization'))) return refused(401, 'Unauthorized');
    const [conversation = ''] = (path[3] ?? '').split(';');
    if (conversation !== '' && request.method !== 'GET') {
      const wait = this.#limiter.take(conversation, this.organisation.now());
      const headers = { 'retry-after': String(wait) };
      if (wait > 0) return refused(429, 'RateLimitExceeded', 'too many messages', headers);
    }
    const text = await request.text();
    const answer = answerCall(this.organisation, {
      method: request.method,
      path: path.slice(2),
      body: text === '' ? {} : (JSON.parse(text) as Json),
      only: searchParams.get('isTargetedActivity') === 'true',
    });
    if ('error' in answer) return refused(answer.status, answer.error, answer.message);
    return Response.json(answer.body, { status: answer.status });
  }

  #isProven(authorization: string | null): boolean {
    if (this.#accessToken === null) return authorization === null;
    const given = Buffer.from(authorization ?? '');
    const wanted = Buffer.from(`Bearer ${this.#accessToken}`);
    return given.length === wanted.length && timingSafeEqual(given, wanted);
  }
}

function refused(
  status: number,
  code: string,
  message = code,
  headers: Readonly<Record<string, string>> = {},
): Response {
  return Response.json({ error: { code, message } }, { status, headers });
}

import { timingSafeEqual } from 'node:crypto';
import { type Context, Hono, type Next } from 'hono';
import { isRecord } from '../../base/is-record.ts';
import { ApiError } from './api/api-error.ts';
import { Args, type Method } from './api/args.ts';
import { chatMethods } from './api/chat.ts';
import { conversationMethods } from './api/conversations.ts';
import { fileMethods } from './api/files.ts';
import { peopleMethods } from './api/people.ts';
import { viewMethods } from './api/views.ts';
import { isLoopbackHost } from './loopback.ts';
import type { Realm } from './realm.ts';
import { respond } from './response-url.ts';
import { scopeOfCall } from './scopes.ts';

const methods: Readonly<Record<string, Method>> = {
  ...peopleMethods,
  ...chatMethods,
  ...conversationMethods,
  ...viewMethods,
  ...fileMethods,
};

/** Answers requests for anything that is not the workspace's own. */
export type Mounted = (request: Request) => Response | Promise<Response>;

/** The workspace's HTTP side: the Web API, uploads, files and response URLs; the rest goes to what is mounted. */
export function workspaceRoutes(realm: () => Realm, mounted: () => Mounted | null): Hono {
  const app = new Hono();
  app.notFound((context) => mounted()?.(context.req.raw) ?? context.text('nothing is here', 404));
  app.use('/api/*', async (context, next) => {
    if (realm().troubles.isDown) return context.text('Service Unavailable', 503);
    await next();
    return undefined;
  });
  for (const path of ['/api/*', '/upload/*', '/files/*', '/response/*']) app.use(path, onlyApps);
  app.all('/api/:method', (context) => callMethod(realm(), context));
  app.on(['POST', 'PUT'], '/upload/:id', async (context) => {
    const file = realm().state.file(context.req.param('id'));
    if (!file || file.shared) return context.text('file_not_found', 404);
    const bytes = await uploadedBytes(context);
    if (bytes.length !== file.size)
      return context.text(`expected ${file.size} bytes, got ${bytes.length}`, 400);
    file.content = bytes.toString('base64');
    realm().state.changed();
    return context.text(`OK - ${bytes.length}`);
  });
  app.get('/files/:id', (context) => {
    const file = realm().state.file(context.req.param('id'));
    if (!same(bearer(context), realm().botToken)) return context.text('not_authed', 401);
    if (!file?.content) return context.text('file_not_found', 404);
    return context.body(new Uint8Array(Buffer.from(file.content, 'base64')), 200, {
      'content-type': 'application/octet-stream',
    });
  });
  app.post('/response/:id', async (context) => {
    const body: unknown = await context.req.json().catch(() => null);
    const answer = respond(realm(), context.req.param('id'), body);
    return answer.ok ? context.text('ok') : context.json(answer, answer.status);
  });
  return app;
}

/** Apps send no Origin; a web page that tries to reach the workspace does, and is none of its business. */
async function onlyApps(context: Context, next: Next): Promise<Response | undefined> {
  const stranger = context.req.header('origin') !== undefined || !isLoopbackHost(context.req.header('host'));
  if (stranger) return context.text('only for apps on this machine', 403);
  await next();
  return undefined;
}

async function callMethod(realm: Realm, context: Context): Promise<Response> {
  const name = context.req.param('method') ?? '';
  const { troubles } = realm;
  let channel = '';
  try {
    const args = await readArgs(context);
    channel = String(args.channel ?? args.channel_id ?? '');
    if (name === 'api.test') return answerApiTest(context, args);
    const method = Object.hasOwn(methods, name) ? methods[name] : undefined;
    if (!method) throw new ApiError('unknown_method');
    authenticate(realm, name, bearer(context) || String(args.token ?? ''));
    if (name !== 'apps.connections.open') {
      requireScope(realm, name, channel);
      troubles.refuseHeld(name, channel);
    }
    const answer = method(realm, new Args(args));
    troubles.note(name, channel, 'ok');
    return context.json({ ok: true, ...answer }, 200, grantedScopes(realm));
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    troubles.note(name, channel, error.code);
    const headers: Record<string, string> = error.retryAfter
      ? { 'retry-after': String(error.retryAfter) }
      : {};
    const metadata = error.messages.length > 0 ? { response_metadata: { messages: error.messages } } : {};
    const body = { ok: false, error: error.code, ...error.details, ...metadata };
    return context.json(body, error.retryAfter ? 429 : 200, headers);
  }
}

function requireScope(realm: Realm, method: string, channel: string): void {
  const { troubles, state } = realm;
  const needed = scopeOfCall(method, state.channel(channel));
  if (needed === null || troubles.has(needed)) return;
  const provided = [...(troubles.scopes ?? [])].join(',');
  throw new ApiError('missing_scope', [], null, { needed, provided });
}

/** Slack tells with each answer what the token may do. */
function grantedScopes({ troubles }: Realm): Record<string, string> {
  return troubles.scopes === null ? {} : { 'x-oauth-scopes': [...troubles.scopes].join(',') };
}

function answerApiTest(context: Context, args: Record<string, unknown>): Response {
  const { error, ...rest } = args;
  return context.json(error ? { ok: false, error, args } : { ok: true, args: rest });
}

function authenticate(realm: Realm, method: string, token: string): void {
  if (token === '') throw new ApiError('not_authed');
  const isApp = same(token, realm.appToken);
  if (!isApp && !same(token, realm.botToken)) throw new ApiError('invalid_auth');
  if (isApp !== (method === 'apps.connections.open')) throw new ApiError('not_allowed_token_type');
  if (realm.troubles.token !== null) throw new ApiError(realm.troubles.token);
}

function bearer(context: Context): string {
  return /^Bearer (.+)$/.exec(context.req.header('authorization') ?? '')?.[1] ?? '';
}

function same(given: string, expected: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)];
  return a.length === b.length && timingSafeEqual(a, b);
}

async function readArgs(context: Context): Promise<Record<string, unknown>> {
  const query = context.req.query();
  if (context.req.method === 'GET') return query;
  const type = context.req.header('content-type') ?? '';
  if (type.startsWith('application/json')) {
    const body: unknown = await context.req.json().catch(() => null);
    if (!isRecord(body)) throw new ApiError('invalid_json');
    return { ...query, ...body };
  }
  if (type === '' || type.startsWith('application/x-www-form-urlencoded')) {
    return { ...query, ...Object.fromEntries(new URLSearchParams(await context.req.text())) };
  }
  if (type.startsWith('multipart/form-data')) return { ...query, ...(await context.req.parseBody()) };
  throw new ApiError('invalid_post_type');
}

/** Uploads come as the bare bytes or as a form with one file in it, under whichever name. */
async function uploadedBytes(context: Context): Promise<Buffer> {
  const type = context.req.header('content-type') ?? '';
  if (!type.startsWith('multipart/form-data')) return Buffer.from(await context.req.arrayBuffer());
  const parts = Object.values(await context.req.parseBody());
  const file = parts.find((part) => part instanceof File);
  return file ? Buffer.from(await file.arrayBuffer()) : Buffer.alloc(0);
}

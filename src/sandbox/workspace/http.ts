/** The HTTP side of the local Slack. */
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
import { respond } from './response-url.ts';
import type { Runtime } from './runtime.ts';
import { scopeOfCall } from './scopes.ts';

const methods: Readonly<Record<string, Method>> = {
  ...peopleMethods,
  ...chatMethods,
  ...conversationMethods,
  ...viewMethods,
  ...fileMethods,
};

/** Handles requests that are not for the workspace itself. */
export type Mounted = (request: Request) => Response | Promise<Response>;

/**
 * The workspace's HTTP routes: the Web API, uploads, files and response URLs. Other requests go to the
 * mounted handler.
 */
export function workspaceRoutes(runtime: () => Runtime, mounted: () => Mounted | null): Hono {
  const app = new Hono();
  app.notFound((context) => mounted()?.(context.req.raw) ?? context.text('nothing is here', 404));
  app.use('/api/*', async (context, next) => {
    if (runtime().faults.isDown) return context.text('Service Unavailable', 503);
    await next();
    return undefined;
  });
  for (const path of ['/api/*', '/upload/*', '/files/*', '/response/*']) app.use(path, onlyApps);
  app.all('/api/:method', (context) => callMethod(runtime(), context));
  app.on(['POST', 'PUT'], '/upload/:id', async (context) => {
    const file = runtime().state.file(context.req.param('id'));
    if (!file || file.completed) return context.text('file_not_found', 404);
    const bytes = await uploadedBytes(context);
    if (bytes.length !== file.size)
      return context.text(`expected ${file.size} bytes, got ${bytes.length}`, 400);
    file.content = bytes.toString('base64');
    runtime().state.changed();
    return context.text(`OK - ${bytes.length}`);
  });
  app.get('/files/:id', (context) => {
    const file = runtime().state.file(context.req.param('id'));
    if (!same(bearer(context), runtime().botToken)) return context.text('not_authed', 401);
    if (!file?.content) return context.text('file_not_found', 404);
    return context.body(new Uint8Array(Buffer.from(file.content, 'base64')), 200, {
      'content-type': 'application/octet-stream',
    });
  });
  app.post('/response/:id', async (context) => {
    const body: unknown = await context.req.json().catch(() => null);
    const answer = respond(runtime(), context.req.param('id'), body);
    return answer.ok ? context.text('ok') : context.json(answer, answer.status);
  });
  return app;
}

/** Apps send no Origin header; web pages do, and must not use the workspace. */
async function onlyApps(context: Context, next: Next): Promise<Response | undefined> {
  const stranger = context.req.header('origin') !== undefined || !isLoopbackHost(context.req.header('host'));
  if (stranger) return context.text('only for apps on this machine', 403);
  await next();
  return undefined;
}

async function callMethod(runtime: Runtime, context: Context): Promise<Response> {
  const name = context.req.param('method') ?? '';
  const { faults } = runtime;
  let channel = '';
  try {
    const args = await readArgs(context);
    channel = String(args.channel ?? args.channel_id ?? '');
    if (name === 'api.test') return answerApiTest(context, args);
    const method = Object.hasOwn(methods, name) ? methods[name] : undefined;
    if (!method) throw new ApiError('unknown_method');
    authenticate(runtime, name, bearer(context) || String(args.token ?? ''));
    if (name !== 'apps.connections.open') {
      requireScope(runtime, name, channel);
      faults.throwIfLimited(name, channel);
    }
    const answer = method(runtime, new Args(args));
    faults.recordCall(name, channel, 'ok');
    return context.json({ ok: true, ...answer }, 200, grantedScopes(runtime));
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    faults.recordCall(name, channel, error.code);
    const headers: Record<string, string> = error.retryAfter
      ? { 'retry-after': String(error.retryAfter) }
      : {};
    const metadata = error.messages.length > 0 ? { response_metadata: { messages: error.messages } } : {};
    const body = { ok: false, error: error.code, ...error.details, ...metadata };
    return context.json(body, error.retryAfter ? 429 : 200, headers);
  }
}

function requireScope(runtime: Runtime, method: string, channel: string): void {
  const { faults, state } = runtime;
  const needed = scopeOfCall(method, state.channel(channel));
  if (needed === null || faults.hasScope(needed)) return;
  const provided = [...(faults.scopes ?? [])].join(',');
  throw new ApiError('missing_scope', [], null, { needed, provided });
}

/** Slack lists the token's scopes in each answer. */
function grantedScopes({ faults }: Runtime): Record<string, string> {
  return faults.scopes === null ? {} : { 'x-oauth-scopes': [...faults.scopes].join(',') };
}

function answerApiTest(context: Context, args: Record<string, unknown>): Response {
  const { error, ...rest } = args;
  return context.json(error ? { ok: false, error, args } : { ok: true, args: rest });
}

function authenticate(runtime: Runtime, method: string, token: string): void {
  if (token === '') throw new ApiError('not_authed');
  const isApp = same(token, runtime.appToken);
  if (!isApp && !same(token, runtime.botToken)) throw new ApiError('invalid_auth');
  if (isApp !== (method === 'apps.connections.open')) throw new ApiError('not_allowed_token_type');
  if (runtime.faults.token !== null) throw new ApiError(runtime.faults.token);
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

/** Uploads are raw bytes, or a form with one file under any name. */
async function uploadedBytes(context: Context): Promise<Buffer> {
  const type = context.req.header('content-type') ?? '';
  if (!type.startsWith('multipart/form-data')) return Buffer.from(await context.req.arrayBuffer());
  const parts = Object.values(await context.req.parseBody());
  const file = parts.find((part) => part instanceof File);
  return file ? Buffer.from(await file.arrayBuffer()) : Buffer.alloc(0);
}

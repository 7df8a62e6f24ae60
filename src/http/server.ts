/** m0's HTTP server: chat endpoints, health, readiness and metrics. */
import type { AddressInfo } from 'node:net';
import { createAdaptorServer } from '@hono/node-server';
import { Hono } from 'hono';
import { secureHeaders } from 'hono/secure-headers';
import type { Logger } from '../base/log.ts';

/** Whether m0 can work, and its problems by part. */
export interface Readiness {
  readonly ok: boolean;
  /** Which kind of database m0 works with; left out while it starts. */
  readonly database?: 'SQLite' | 'PostgreSQL';
  readonly problems: readonly { readonly part: string; readonly problem: string }[];
  /** Which m0.yaml is in use, and since when (ISO time); left out if m0.yaml is not read anew. */
  readonly config?: {
    readonly file: string;
    readonly commit: string | null;
    readonly sha256: string;
    readonly since: string;
  };
}

/**
 * An endpoint that a chat platform or Git server calls. The handler itself checks the signature over the raw
 * body.
 */
export interface PostRoute {
  readonly path: string;
  handle(request: Request): Promise<Response>;
}

/** What is answered by the endpoints. */
export interface HttpParts {
  readonly ready: () => Promise<Readiness>;
  /** The metrics in Prometheus' text format. */
  readonly metrics: () => Promise<string>;
  /** Endpoints of the chat platforms, the only requests whose body is read; null: m0 is not at work yet. */
  readonly routes?: readonly PostRoute[] | null;
}

export interface HttpOptions extends HttpParts {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  readonly log: Logger;
}

export interface HttpServer {
  /** The address with the actual port, e.g. `http://127.0.0.1:3978`. */
  readonly url: string;
  /** Answers with these parts from now on. */
  serve(parts: HttpParts): void;
  /** Takes no new request. Resolves when the current ones are answered. */
  close(): Promise<void>;
}

const PROMETHEUS_TEXT = 'text/plain; version=0.0.4; charset=utf-8';
const REQUEST_TIMEOUT_MS = 30_000;
const HEADERS_TIMEOUT_MS = 10_000;

function hasBody(request: Request): boolean {
  const length = request.headers.get('content-length');
  return request.headers.has('transfer-encoding') || (length !== null && length !== '0');
}

/** All of m0's HTTP endpoints. None of them approves, snoozes or accepts anything. */
function application({ ready, metrics, routes = [] }: HttpParts, log: Logger): Hono {
  const app = new Hono();
  app.use(
    secureHeaders({
      contentSecurityPolicy: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] },
      xFrameOptions: 'DENY',
    }),
  );
  app.use(async (c, next) => {
    await next();
    c.header('cache-control', 'no-store');
  });

  // The chat platforms repeat a request that gets this answer.
  if (routes === null) app.post('*', (c) => c.text('m0 is starting\n', 503));
  for (const route of routes ?? []) app.post(route.path, (c) => route.handle(c.req.raw));

  app.use(async (c, next) => {
    if (!hasBody(c.req.raw)) return next();
    c.header('connection', 'close');
    return c.text('no body is taken here\n', 413);
  });
  app.get('/healthz', (c) => c.text('alive\n'));
  app.get('/readyz', async (c) => {
    let readiness: Readiness;
    try {
      readiness = await ready();
    } catch (error) {
      log.error({ err: error }, 'readiness could not be determined');
      readiness = {
        ok: false,
        problems: [{ part: 'm0', problem: 'readiness could not be determined: see the log' }],
      };
    }
    const { ok, problems, config } = readiness;
    return c.json({ ok, problems, ...(config === undefined ? {} : { config }) }, ok ? 200 : 503);
  });
  app.get('/metrics', async (c) => c.body(await metrics(), 200, { 'content-type': PROMETHEUS_TEXT }));

  app.notFound((c) => c.text('not found\n', 404));
  app.onError((error, c) => {
    log.error({ err: error, path: c.req.path }, 'request could not be answered');
    return c.text('internal error\n', 500);
  });
  return app;
}

/**
 * Listens on `host` and `port`. Rejects where the address cannot be used; the error says what was attempted.
 */
export async function startHttp(options: HttpOptions): Promise<HttpServer> {
  let app = application(options, options.log);
  const server = createAdaptorServer({
    fetch: (...request) => app.fetch(...request),
    serverOptions: { requestTimeout: REQUEST_TIMEOUT_MS, headersTimeout: HEADERS_TIMEOUT_MS },
  });
  const { host, port } = options;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const reason = error.code === 'EADDRINUSE' ? 'another program uses that port: set PORT' : error.message;
      reject(new Error(`listening on ${host}:${port}: ${reason}`, { cause: error }));
    });
    server.listen(port, host, resolve);
  });
  server.on('error', (error) => options.log.error({ err: error }, 'HTTP server'));
  const address = server.address() as AddressInfo;
  const shown = address.family === 'IPv6' ? `[${address.address}]` : address.address;
  return {
    url: `http://${shown}:${address.port}`,
    serve(parts) {
      app = application(parts, options.log);
    },
    close: () =>
      new Promise((resolve, reject) => {
        server.close((error) => (error === undefined ? resolve() : reject(error)));
        if ('closeIdleConnections' in server) server.closeIdleConnections();
      }),
  };
}

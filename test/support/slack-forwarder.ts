import { createLogger } from '../../src/base/log.ts';
import { startHttp } from '../../src/http/server.ts';

type Handle = (request: Request) => Promise<Response>;

/** An HTTP server that forwards Slack's requests to m0. It starts before m0, because the workspace needs its URL. */
export interface SlackForwarder {
  readonly eventsUrl: string;
  /** Forwards requests to this endpoint from now on. Null: answers 503, as a proxy does while m0 is down. */
  forwardTo(endpoint: { handle: Handle } | null): void;
  close(): Promise<void>;
}

/** Serves `POST /slack/events` on a free port of this machine. */
export async function startSlackForwarder(): Promise<SlackForwarder> {
  let handle: Handle | null = null;
  const server = await startHttp({
    host: '127.0.0.1',
    port: 0,
    ready: async () => ({ ok: true, problems: [] }),
    metrics: async () => '',
    log: createLogger('silent'),
    routes: [
      {
        path: '/slack/events',
        handle: async (request) => handle?.(request) ?? new Response('nobody is here\n', { status: 503 }),
      },
    ],
  });
  return {
    eventsUrl: `${server.url}/slack/events`,
    forwardTo(endpoint) {
      handle = endpoint === null ? null : (request) => endpoint.handle(request);
    },
    close: () => server.close(),
  };
}

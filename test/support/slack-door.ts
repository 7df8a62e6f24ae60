import { createLogger } from '../../src/base/log.ts';
import { startHttp } from '../../src/http/server.ts';

type Handle = (request: Request) => Promise<Response>;

/** m0's HTTP server before there is an m0: the workspace must know the request URL, and m0 the workspace. */
export interface SlackDoor {
  readonly eventsUrl: string;
  /** Who answers from now on; null: 503, as a proxy before an m0 that is not up. */
  leadTo(endpoint: { handle: Handle } | null): void;
  close(): Promise<void>;
}

/** Opens `POST /slack/events` on any free port of this machine. */
export async function openSlackDoor(): Promise<SlackDoor> {
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
    leadTo(endpoint) {
      handle = endpoint === null ? null : (request) => endpoint.handle(request);
    },
    close: () => server.close(),
  };
}

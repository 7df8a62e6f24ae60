import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/**
 * What happens to a call on its way: `pass`, `lose-answer` (Slack did it, nobody hears so), `lose-call`
 * (the connection breaks before Slack hears of it), or an answer in Slack's place.
 */
export type Fault = 'pass' | 'lose-answer' | 'lose-call' | { readonly answer: Record<string, unknown> };

export interface SlackProxy {
  /** What goes into SLACK_API_URL. */
  readonly apiUrl: string;
  /** Methods called so far, in order. */
  readonly calls: string[];
  close(): Promise<void>;
}

/** Stands between m0 and a workspace's Web API, on this machine, and breaks what `fault` says. */
export async function slackProxy(
  target: string,
  fault: (method: string, body: string) => Fault,
): Promise<SlackProxy> {
  const calls: string[] = [];
  const forward = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const method = (request.url ?? '').replace(/^\/api\//, '').replace(/\?.*$/, '');
    calls.push(method);
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    const what = fault(method, body.toString('utf8'));
    if (what === 'lose-call') {
      request.socket.destroy();
      return;
    }
    if (typeof what === 'object') {
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(what.answer));
      return;
    }
    const answer = await fetch(new URL(method, target), {
      method: 'POST',
      headers: {
        authorization: request.headers.authorization ?? '',
        'content-type': request.headers['content-type'] ?? 'application/x-www-form-urlencoded',
      },
      body,
    });
    const text = await answer.text();
    if (what === 'lose-answer') {
      request.socket.destroy();
      return;
    }
    const retryAfter = answer.headers.get('retry-after');
    response
      .writeHead(answer.status, {
        'content-type': 'application/json',
        ...(retryAfter === null ? {} : { 'retry-after': retryAfter }),
      })
      .end(text);
  };
  const server = createServer((request, response) => {
    forward(request, response).catch(() => request.socket.destroy());
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve());
  });
  return {
    apiUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/`,
    calls,
    async close() {
      const closed = new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
      server.closeAllConnections();
      await closed;
    },
  };
}

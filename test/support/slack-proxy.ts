/** An HTTP proxy between m0 and the local Slack Web API that makes calls fail in chosen ways. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/**
 * What the proxy does with a call: `pass`, `lose-answer` (Slack handles it, m0 gets no answer), `lose-call`
 * (the connection breaks before Slack receives it), or an answer that replaces Slack's.
 */
export type Fault = 'pass' | 'lose-answer' | 'lose-call' | { readonly answer: Record<string, unknown> };

export interface SlackProxy {
  /** The value for SLACK_API_URL. */
  readonly apiUrl: string;
  /** API methods called so far, in order. */
  readonly calls: string[];
  close(): Promise<void>;
}

/** Starts the proxy on this machine; `fault` decides about each call by its API method. */
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

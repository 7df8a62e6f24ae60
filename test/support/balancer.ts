/** A round-robin HTTP balancer before several processes, as people put one before replicas of the bot. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

export interface Balancer {
  readonly url: string;
  /** The addresses of the processes that have answered, one a request, oldest first. */
  readonly answeredBy: readonly string[];
  /** The addresses of the processes that could not be reached, one a try. */
  readonly refusedBy: readonly string[];
  /** Puts these processes behind it. */
  use(...addresses: readonly string[]): void;
  /** The next request goes to this process first. */
  turnTo(address: string): void;
  close(): Promise<void>;
}

/** Sends a request on. Rejects with the error of the connection. */
function sendOn(address: string, { method, url, headers }: IncomingMessage, body: Buffer) {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const sent = request(
    `${address}${url ?? ''}`,
    // No connection is kept: one to a process that was killed would fail only after the request was sent.
    { agent: false, headers, ...(method === undefined ? {} : { method }) },
    resolve,
  );
  sent.on('error', reject);
  sent.end(body);
  return promise;
}

/**
 * Starts it. A process that refuses the connection has got nothing of the request, so the next one gets it. Any other error
 * is a 502, because the request may have had its effect.
 */
export async function startBalancer(): Promise<Balancer> {
  let behind: readonly string[] = [];
  let turn = 0;
  const answeredBy: string[] = [];
  const refusedBy: string[] = [];

  async function pass(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await buffer(incoming);
    const first = turn;
    turn += 1;
    for (let i = 0; i < behind.length; i += 1) {
      const address = behind[(first + i) % behind.length] ?? '';
      let answer: IncomingMessage;
      try {
        answer = await sendOn(address, incoming, body);
      } catch (error) {
        if ((error as { code?: unknown }).code !== 'ECONNREFUSED') throw error;
        refusedBy.push(address);
        continue;
      }
      const text = await buffer(answer);
      answeredBy.push(address);
      response.writeHead(answer.statusCode ?? 502, answer.headers).end(text);
      return;
    }
    throw new Error('no process can be reached');
  }

  const server = createServer((incoming, response) => {
    pass(incoming, response).catch((error: unknown) => response.writeHead(502).end(String(error)));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    answeredBy,
    refusedBy,
    use(...addresses) {
      behind = addresses;
      turn = 0;
    },
    turnTo(address) {
      turn = behind.indexOf(address);
      if (turn < 0) throw new Error(`${address} is not behind the balancer`);
    },
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

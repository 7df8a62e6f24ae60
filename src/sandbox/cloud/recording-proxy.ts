/**
 * Stands in front of moto, which has no LookupEvents: passes every request on, keeps what changed something, and answers
 * LookupEvents itself.
 */
import { createServer, type IncomingMessage, type ServerResponse, request as send } from 'node:http';
import type { EventLog } from './event-log.ts';
import { recordedCall, type SeenRequest } from './recorded-call.ts';

export interface RecordingProxy {
  readonly url: string;
  close(): Promise<void>;
}

const HOST = '127.0.0.1';
const LOOKUP = /CloudTrail_20131101\.LookupEvents$/;
/** Longer requests are passed on and not read. */
const LONGEST_READ = 256 * 1024;

/** Listens on loopback, on `port` or, if it is taken or 0, on any free one. `target`: moto's address. */
export async function startRecordingProxy(options: {
  readonly target: string;
  readonly port: number;
  readonly log: EventLog;
}): Promise<RecordingProxy> {
  const target = new URL(options.target);
  const server = createServer((request, response) => {
    pass(request, response, target, options.log).catch((error: unknown) => {
      if (!response.headersSent) response.writeHead(502);
      response.end(String(error));
    });
  });
  // The provider keeps connections open for longer than Node's default, and must not find them closed.
  server.keepAliveTimeout = 120_000;
  const listen = (port: number): Promise<void> =>
    new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, HOST, () => {
        server.off('error', reject);
        resolve();
      });
    });
  await listen(options.port).catch(() => listen(0));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : options.port;
  return {
    url: `http://${HOST}:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

function seen(request: IncomingMessage, body: Buffer): SeenRequest {
  const headers = Object.fromEntries(
    Object.entries(request.headers).map(([key, value]) => [key, Array.isArray(value) ? value[0] : value]),
  );
  const { method = 'GET', url = '/' } = request;
  return { method, url, headers, body: body.length > LONGEST_READ ? '' : body.toString('utf8') };
}

async function pass(
  request: IncomingMessage,
  response: ServerResponse,
  target: URL,
  log: EventLog,
): Promise<void> {
  const body = await bodyOf(request);
  const about = seen(request, body);
  if (LOOKUP.test(about.headers['x-amz-target'] ?? '')) {
    response.writeHead(200, { 'content-type': 'application/x-amz-json-1.1' });
    response.end(JSON.stringify(log.lookUp(JSON.parse(about.body) as Parameters<EventLog['lookUp']>[0])));
    return;
  }
  const { hostname, port } = target;
  const { method, url: path, rawHeaders } = request;
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    const passed = send({ hostname, port, method, path, headers: rawHeaders, agent: false }, resolve);
    passed.on('error', reject);
    passed.end(body);
  });
  const status = answer.statusCode ?? 502;
  const call = recordedCall(about);
  if (call !== null) {
    const errorCode = status < 400 ? null : `Client.Error${status}`;
    log.record(call, { userAgent: about.headers['user-agent'] ?? '', errorCode });
  }
  response.writeHead(status, answer.rawHeaders);
  answer.pipe(response);
}

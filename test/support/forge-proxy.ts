/** Stands in front of a Git host: sees every request, and answers some of them as the host would when it refuses. */
import { createServer, request as forward, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

/** Answers a request in place of the host; undefined: the host answers. */
export type Fault = (method: string, path: string, request: IncomingMessage) => Answer | undefined;

export interface ForgeProxy {
  readonly url: string;
  /** `METHOD /path` of each request. */
  readonly seen: { readonly what: string; readonly authorization: string }[];
  fault: Fault;
  close(): Promise<void>;
}

export function answer(response: ServerResponse, { status, headers = {}, body = {} }: Answer): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify(body));
}

export async function startForgeProxy(to: string): Promise<ForgeProxy> {
  const server = createServer((request, response) => {
    const { method = '', url = '', headers } = request;
    const authorization = String(headers.authorization ?? headers['private-token'] ?? '');
    proxy.seen.push({ what: `${method} ${url}`, authorization });
    const refused = proxy.fault(method, url, request);
    if (refused !== undefined) {
      request.resume();
      answer(response, refused);
      return;
    }
    const { host, port } = new URL(to);
    const passed = forward({ port, method, path: url, headers: { ...headers, host } }, (answered) => {
      response.writeHead(answered.statusCode ?? 502, answered.headers);
      answered.pipe(response);
    });
    passed.on('error', () => response.destroy());
    request.pipe(passed);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const proxy: ForgeProxy = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen: [],
    fault: () => undefined,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return proxy;
}

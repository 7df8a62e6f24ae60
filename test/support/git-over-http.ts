/** A Git server over HTTP or HTTPS with basic authentication, for tests of private repositories. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { answerByGit } from '../../src/sandbox/forge/git-backend.ts';

/** A received request. */
interface Seen {
  readonly path: string;
  readonly authorization: string | undefined;
}

export interface GitOverHttp {
  /** `http://127.0.0.1:PORT`, or https with a certificate. */
  readonly url: string;
  readonly seen: Seen[];
  /** The account that may read, as `USER:PASSWORD`; may change between requests. Null: no authentication. */
  account: string | null;
  /** Runs before git handles a request; returns true if it has answered the request itself. */
  before: (request: IncomingMessage, response: ServerResponse) => boolean;
  close(): Promise<void>;
}

/** Serves the bare repositories under `root` through git's own CGI program, behind basic authentication. */
export async function serveGitOverHttp(
  root: string,
  account: string | null,
  tls?: { readonly key: string; readonly cert: string },
): Promise<GitOverHttp> {
  const listener = (request: IncomingMessage, response: ServerResponse): void => {
    const { authorization } = request.headers;
    served.seen.push({ path: request.url ?? '', authorization });
    if (served.before(request, response)) return;
    const asked = `Basic ${Buffer.from(served.account ?? '').toString('base64')}`;
    if (served.account !== null && authorization !== asked) {
      response.writeHead(401, { 'www-authenticate': 'Basic realm="git"', 'content-type': 'text/plain' });
      // The worst case for m0: a server that repeats the secret in its answer.
      response.end(`no entry with ${authorization ?? 'nothing'} ${passwordOf(authorization)}\n`);
      return;
    }
    const service = decodeURIComponent(new URL(request.url ?? '', 'http://x').pathname);
    answerByGit(request, response, { root, service, user: 'reader', path: process.env.PATH });
  };
  const server: Server = tls === undefined ? createServer(listener) : createTlsServer(tls, listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const served: GitOverHttp = {
    url: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`,
    seen: [],
    account,
    before: () => false,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return served;
}

function passwordOf(authorization: string | undefined): string {
  const text = Buffer.from(authorization?.replace(/^Basic /, '') ?? '', 'base64').toString();
  return text.slice(text.indexOf(':') + 1);
}

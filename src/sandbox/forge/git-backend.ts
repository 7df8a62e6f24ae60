/** Git over HTTP through git's own program. */
import { spawn } from 'node:child_process';
import type { IncomingMessage, ServerResponse } from 'node:http';

/**
 * Answers a request for one of git's services. `root`: the folder of repositories; `service`: the path below it, as
 * `/infra.git/info/refs`. `user`: who asks, for git, which takes pushes only from somebody; null: nobody. `path`: PATH of
 * git. Whoever may ask must be decided before.
 */
export function answerByGit(
  request: IncomingMessage,
  response: ServerResponse,
  options: {
    readonly root: string;
    readonly service: string;
    readonly user: string | null;
    readonly path: string | undefined;
  },
): void {
  const url = new URL(request.url ?? '', 'http://localhost');
  const header = (name: string): string => String(request.headers[name] ?? '');
  const cgi = spawn('git', ['http-backend'], {
    env: {
      PATH: options.path,
      GIT_CONFIG_GLOBAL: '/dev/null',
      GIT_CONFIG_NOSYSTEM: '1',
      GIT_PROJECT_ROOT: options.root,
      GIT_HTTP_EXPORT_ALL: '1',
      PATH_INFO: options.service,
      QUERY_STRING: url.search.slice(1),
      REQUEST_METHOD: request.method,
      CONTENT_TYPE: header('content-type'),
      HTTP_CONTENT_ENCODING: header('content-encoding'),
      GIT_PROTOCOL: header('git-protocol'),
      ...(options.user === null ? {} : { REMOTE_USER: options.user }),
    },
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  cgi.on('error', () => response.writeHead(500).end());
  // A client that goes away, or a git that ends early, is no problem of this server.
  cgi.stdin.on('error', () => {});
  request.pipe(cgi.stdin);
  let head = Buffer.alloc(0);
  let begun = false;
  cgi.stdout.on('data', (chunk: Buffer) => {
    if (begun) {
      response.write(chunk);
      return;
    }
    head = Buffer.concat([head, chunk]);
    const end = head.indexOf('\r\n\r\n');
    if (end === -1) return;
    begun = true;
    const headers = headersIn(head.subarray(0, end).toString());
    const status = Number.parseInt(headers.get('Status') ?? '200', 10);
    headers.delete('Status');
    response.writeHead(status, Object.fromEntries(headers));
    response.write(head.subarray(end + 4));
  });
  cgi.stdout.on('end', () => response.end());
}

function headersIn(text: string): Map<string, string> {
  return new Map(
    text
      .split('\r\n')
      .map((line): [string, string] => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]),
  );
}

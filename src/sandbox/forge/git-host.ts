/** The sandbox's Git host: serves the sample repository, and speaks enough of GitHub's API for pull requests. */
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { getRequestListener } from '@hono/node-server';
import { type Context, Hono, type Next } from 'hono';
import { isLoopbackHost } from '../workspace/loopback.ts';
import { answerGit } from './git-http.ts';
import { commitPage, filePage, homePage, type PageParts, problemPage, pullPage } from './pages.ts';
import { type Member, openPulls, type Pulls, Refused } from './pulls.ts';
import { type HostedRepository, openRepository } from './repository.ts';
import { restApi } from './rest-api.ts';

/** A GitHub Enterprise Server with one repository, on loopback. */
export interface GitHost {
  /** `http://127.0.0.1:PORT`. */
  readonly url: string;
  /** Address of the repository for git, and for m0.yaml. */
  readonly repository: string;
  /** For pushing and for the API. Another one at each start. */
  readonly token: string;
  readonly pulls: Pulls;
  close(): Promise<void>;
}

export interface GitHostOptions {
  /** Work tree of the repository, on its main branch. */
  readonly repository: string;
  /** Folder for the pull requests. */
  readonly dir: string;
  /** If it is taken, another one is used; 0 means any free port. */
  readonly port: number;
  readonly members: readonly Member[];
  /** Address of the sandbox's chat page. */
  readonly chat: string;
  readonly base: Readonly<Record<string, string | undefined>>;
  /** ms since epoch. */
  readonly now: () => number;
}

const NAME = 'acme/infra';
const GIT_PATH = /^\/acme\/infra(?:\.git)?(\/info\/refs|\/git-upload-pack|\/git-receive-pack)(?:\?|$)/;
const STYLES = ['../page/client/colors.css', 'forge.css'].map((name) =>
  fileURLToPath(new URL(name, import.meta.url)),
);

/** Starts it. Rejects where the repository can't be read. */
export async function startGitHost(options: GitHostOptions): Promise<GitHost> {
  const { members, base, now } = options;
  const token = `m0-sandbox-${randomBytes(24).toString('hex')}`;
  const repository = openRepository(options.repository, base);
  const pulls = await openPulls({ file: join(options.dir, 'pulls.json'), repository, now });
  const style = (await Promise.all(STYLES.map((file) => readFile(file, 'utf8')))).join('\n');
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const parts: PageParts = { name: NAME, zone, chat: options.chat, members };

  const app = new Hono();
  app.use(guard);
  app.route(
    `/api/v3/repos/${NAME}`,
    restApi({ pulls, token, login: 'm0', members, now, page: () => `${url}/${NAME}` }),
  );
  app.get('/forge.css', (context) => context.body(style, 200, { 'content-type': 'text/css' }));
  pages(app, parts, { pulls, repository, members });

  const listener = getRequestListener(app.fetch);
  const server = createServer((request, response) => {
    const [, service] = GIT_PATH.exec(request.url ?? '') ?? [];
    if (service === undefined) void listener(request, response);
    else if (!isLoopbackHost(request.headers.host)) response.writeHead(403).end('only for this machine');
    else answerGit({ dir: options.repository, token, path: base.PATH }, service, request, response);
  });
  const url = `http://127.0.0.1:${await listen(server, options.port)}`;
  return {
    url,
    repository: `${url}/${NAME}.git`,
    token,
    pulls,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE' && port !== 0) listen(server, 0).then(resolve, reject);
      else reject(error);
    });
    server.listen(port, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
}

/** Only this machine, and only its own pages: a page of another site can't fake the Host and Origin headers. */
async function guard(context: Context, next: Next): Promise<Response | undefined> {
  const host = context.req.header('host');
  if (!isLoopbackHost(host)) return context.text('only for this machine', 403);
  const isApi = context.req.path.startsWith('/api/');
  if (!isApi && context.req.method !== 'GET' && context.req.header('origin') !== `http://${host}`) {
    return context.text('only for its own page', 403);
  }
  await next();
  context.header('cache-control', 'no-store');
  context.header('x-content-type-options', 'nosniff');
  context.header(
    'content-security-policy',
    "default-src 'none'; style-src 'self'; img-src data:; frame-ancestors 'none'; base-uri 'none'; form-action 'self'",
  );
  return undefined;
}

interface Hosted {
  readonly pulls: Pulls;
  readonly repository: HostedRepository;
  readonly members: readonly Member[];
}

function pages(app: Hono, parts: PageParts, { pulls, repository, members }: Hosted): void {
  const page = async (context: Context, number: number, problem: string | null): Promise<Response> => {
    const pull = await pulls.get(number);
    const content = {
      diff: await repository.diff(pull.baseSha, pull.headSha),
      commits: await repository.commits(`${pull.baseSha}..${pull.headSha}`, 50),
    };
    return context.html(pullPage(parts, pull, content, problem), problem === null ? 200 : 409);
  };
  const home = async (context: Context): Promise<Response> =>
    context.html(homePage(parts, await pulls.list(), await repository.commits('main', 20)));
  app.get('/', home);
  app.get(`/${NAME}`, home);
  app.get(`/${NAME}/pull/:number{[0-9]+}`, (context) =>
    page(context, Number(context.req.param('number')), null),
  );
  app.post(`/${NAME}/pull/:number{[0-9]+}`, async (context) => {
    const number = Number(context.req.param('number'));
    const { as, act } = await context.req.parseBody();
    const member = members.find(({ login }) => login === as);
    if (member === undefined) return context.text('nobody to be', 400);
    try {
      if (act === 'merge') await pulls.merge(number, member);
      else if (act === 'close') await pulls.close(number, member.login);
    } catch (error) {
      if (!(error instanceof Refused) || error.status === 404) throw error;
      return page(context, number, error.message);
    }
    return context.redirect(`/${NAME}/pull/${number}`, 303);
  });
  app.get(`/${NAME}/commit/:sha{[0-9a-f]{7,64}}`, async (context) => {
    const shown = await repository.show(context.req.param('sha'));
    if (shown === null) throw new Refused(404, 'There is no such commit.');
    return context.html(commitPage(parts, shown.commit, shown.diff));
  });
  app.get(`/${NAME}/blob/:sha{[0-9a-f]{7,64}}/:path{.+}`, async (context) => {
    const { sha, path } = context.req.param();
    const text = await repository.file(sha, path);
    if (text === null) throw new Refused(404, 'There is no such file.');
    return context.html(filePage(parts, path, sha, text));
  });
  app.notFound((context) => context.html(problemPage(parts, 'There is no such page.'), 404));
  app.onError((error, context) => {
    const status = error instanceof Refused ? error.status : 500;
    return context.html(problemPage(parts, error.message), status);
  });
}

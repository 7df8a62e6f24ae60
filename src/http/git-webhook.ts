import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { isRecord } from '../base/is-record.ts';
import type { Logger } from '../base/log.ts';
import { rawBody } from '../base/raw-body.ts';
import type { PostRoute } from './server.ts';

export interface GitWebhookOptions {
  /** What the Git server signs with; null: the endpoint does not exist. */
  readonly secret: string | null;
  /** Looks at those among the repositories that are watched, now; answers how many refs that are. */
  readonly look: (addresses: readonly string[]) => number;
  /** Now, in ms since epoch. */
  readonly clock: () => number;
  readonly log: Logger;
}

/** GitHub sends at most 25 MB; a push of hundreds of commits has less than this. */
const MOST_BYTES = 5 * 1024 * 1024;
const LOG_EVERY_MS = 60_000;
/** Names under which Git servers give a repository's addresses. */
const ADDRESSES = [
  ...['clone_url', 'ssh_url', 'git_url', 'html_url', 'url'],
  ...['git_http_url', 'git_ssh_url', 'http_url', 'web_url'],
] as const;

/**
 * `POST /git/webhook`: a Git server says that somebody pushed. What is not signed with the secret is refused (401);
 * what is makes m0 look at the repository now instead of at its next poll. Of the payload only the repository's
 * address is read, and only to find it among those of m0.yaml: it starts no check by itself, and never decides
 * anything.
 */
export function createGitWebhook(options: GitWebhookOptions): PostRoute {
  const { secret, clock, log } = options;
  let refused = 0;
  let loggedAt = Number.NEGATIVE_INFINITY;

  function refuse(): Response {
    refused += 1;
    const now = clock();
    if (now - loggedAt >= LOG_EVERY_MS || now < loggedAt) {
      log.warn({ refused }, 'Git webhooks with a wrong signature, or none, were refused');
      loggedAt = now;
      refused = 0;
    }
    return answer(401, 'refused');
  }

  return {
    path: '/git/webhook',
    async handle(request) {
      if (secret === null) return answer(404, 'not found');
      // Before the body is read: there is no need to take in what can't be signed.
      if (!SIGNED_BY.some((name) => request.headers.has(name))) return refuse();
      const body = await rawBody(request, MOST_BYTES);
      if (body === null) return answer(413, `at most ${MOST_BYTES} bytes are taken here`);
      if (!isSigned(request.headers, body, secret)) return refuse();
      const addresses = addressesIn(body, request.headers.get('content-type') ?? '');
      if (addresses === null) return answer(400, 'the body is not the JSON of a Git webhook');
      const refs = options.look(addresses);
      log.info({ refs }, 'a Git webhook has code looked at for pushes now');
      return refs === 0
        ? answer(200, 'no stack has its code there')
        : answer(202, `looking at ${refs} ${refs === 1 ? 'ref' : 'refs'}`);
    },
  };
}

const SIGNED_BY = ['x-hub-signature-256', 'x-gitea-signature', 'x-forgejo-signature', 'x-gitlab-token'];

/** GitHub, Gitea and Forgejo sign the body (HMAC-SHA-256); GitLab shows the secret itself. */
function isSigned(headers: Headers, body: Buffer, secret: string): boolean {
  const hmac = createHmac('sha256', secret).update(body).digest('hex');
  const hub = headers.get('x-hub-signature-256');
  if (hub !== null) return same(hub, `sha256=${hmac}`);
  const gitea = headers.get('x-forgejo-signature') ?? headers.get('x-gitea-signature');
  if (gitea !== null) return same(gitea, hmac);
  const gitlab = headers.get('x-gitlab-token');
  return gitlab !== null && same(gitlab, secret);
}

/** Takes as long for any two texts: their hashes are compared, so not even a length is told. */
function same(a: string, b: string): boolean {
  const hash = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(hash(a), hash(b));
}

/** All addresses the payload gives for its repository; null where it is no payload. */
function addressesIn(body: Buffer, contentType: string): readonly string[] | null {
  const text = body.toString('utf8');
  // GitHub's default wraps the JSON in a form.
  const isForm = contentType.startsWith('application/x-www-form-urlencoded');
  const payload = parsed(isForm ? (new URLSearchParams(text).get('payload') ?? '') : text);
  if (!isRecord(payload)) return null;
  return [payload.repository, payload.project].filter(isRecord).flatMap((repository) =>
    ADDRESSES.flatMap((name) => {
      const address = repository[name];
      return typeof address === 'string' ? [address] : [];
    }),
  );
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function answer(status: number, text: string): Response {
  // A body that was not read to its end must not be taken for the next request.
  const headers = status >= 400 ? { connection: 'close' } : undefined;
  return new Response(`${text}\n`, headers === undefined ? { status } : { status, headers });
}

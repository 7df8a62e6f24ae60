/** The endpoint that Git servers call after a push. */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { isRecord } from '../base/is-record.ts';
import type { Logger } from '../base/log.ts';
import { rawBody } from '../base/raw-body.ts';
import type { PostRoute } from './server.ts';

export interface GitWebhookOptions {
  /** The secret that the Git server signs with; null: the endpoint answers 404. */
  readonly secret: string | null;
  /** Polls the watched repositories among the addresses now. Returns the number of refs. */
  readonly pollNow: (addresses: readonly string[]) => number;
  /** The current time, in ms since epoch. */
  readonly clock: () => number;
  readonly log: Logger;
}

/** GitHub sends at most 25 MB; a push of hundreds of commits needs less than this. */
const MAX_BYTES = 5 * 1024 * 1024;
const LOG_EVERY_MS = 60_000;
/** Payload fields in which Git servers give a repository's addresses. */
const ADDRESS_FIELDS = [
  ...['clone_url', 'ssh_url', 'git_url', 'html_url', 'url'],
  ...['git_http_url', 'git_ssh_url', 'http_url', 'web_url'],
] as const;

/**
 * `POST /git/webhook`: a Git server reports a push. A request that is not signed with the secret is refused
 * (401). A signed one makes m0 poll the repository now. m0 reads only the repository's address from the
 * payload, and only to find it among those of m0.yaml: the payload starts no check by itself and decides
 * nothing.
 */
export function createGitWebhook(options: GitWebhookOptions): PostRoute {
  const { secret, clock, log } = options;
  let refused = 0;
  let loggedAt = Number.NEGATIVE_INFINITY;

  function refuse(): Response {
    refused += 1;
    const now = clock();
    if (now - loggedAt >= LOG_EVERY_MS || now < loggedAt) {
      log.warn({ refused }, 'Git webhooks without a valid signature were refused');
      loggedAt = now;
      refused = 0;
    }
    return answer(401, 'refused');
  }

  return {
    path: '/git/webhook',
    async handle(request) {
      if (secret === null) return answer(404, 'not found');
      // Checked before the body is read: without a signature the body is not needed.
      if (!SIGNATURE_HEADERS.some((name) => request.headers.has(name))) return refuse();
      const body = await rawBody(request, MAX_BYTES);
      if (body === null) return answer(413, `at most ${MAX_BYTES} bytes are taken here`);
      if (!isSigned(request.headers, body, secret)) return refuse();
      const addresses = addressesIn(body, request.headers.get('content-type') ?? '');
      if (addresses === null) return answer(400, 'the body is not the JSON of a Git webhook');
      const refs = options.pollNow(addresses);
      log.info({ refs }, 'a Git webhook starts a poll for pushes');
      return refs === 0
        ? answer(200, 'no stack has its code there')
        : answer(202, `looking at ${refs} ${refs === 1 ? 'ref' : 'refs'}`);
    },
  };
}

const SIGNATURE_HEADERS = [
  'x-hub-signature-256',
  'x-gitea-signature',
  'x-forgejo-signature',
  'x-gitlab-token',
];

/** GitHub, Gitea and Forgejo sign the body (HMAC-SHA-256); GitLab sends the secret itself. */
function isSigned(headers: Headers, body: Buffer, secret: string): boolean {
  const hmac = createHmac('sha256', secret).update(body).digest('hex');
  const hub = headers.get('x-hub-signature-256');
  if (hub !== null) return isEqual(hub, `sha256=${hmac}`);
  const gitea = headers.get('x-forgejo-signature') ?? headers.get('x-gitea-signature');
  if (gitea !== null) return isEqual(gitea, hmac);
  const gitlab = headers.get('x-gitlab-token');
  return gitlab !== null && isEqual(gitlab, secret);
}

/** Compares in constant time. Comparing hashes also hides the length. */
function isEqual(a: string, b: string): boolean {
  const hash = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(hash(a), hash(b));
}

/** All addresses of the payload's repository; null where the body is no payload. */
function addressesIn(body: Buffer, contentType: string): readonly string[] | null {
  const text = body.toString('utf8');
  // GitHub's default is a form that holds the JSON.
  const isForm = contentType.startsWith('application/x-www-form-urlencoded');
  const payload = parsed(isForm ? (new URLSearchParams(text).get('payload') ?? '') : text);
  if (!isRecord(payload)) return null;
  return [payload.repository, payload.project].filter(isRecord).flatMap((repository) =>
    ADDRESS_FIELDS.flatMap((name) => {
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
  // The rest of a body that was not read must not be read as the next request.
  const headers = status >= 400 ? { connection: 'close' } : undefined;
  return new Response(`${text}\n`, headers === undefined ? { status } : { status, headers });
}

/** Git over HTTP for one repository, through git's own program. Everybody may read; pushing needs the token. */
import { timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { answerByGit } from './git-backend.ts';

export interface GitHttpOptions {
  /** Work tree of the repository. */
  readonly dir: string;
  readonly token: string;
  readonly path: string | undefined;
}

export function sameText(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}

function passwordOf(request: IncomingMessage): string {
  const [scheme, value = ''] = (request.headers.authorization ?? '').split(' ');
  if (scheme?.toLowerCase() !== 'basic') return '';
  const text = Buffer.from(value, 'base64').toString();
  return text.slice(text.indexOf(':') + 1);
}

/** Answers a request for `/info/refs`, `/git-upload-pack` or `/git-receive-pack` of the repository. */
export function answerGit(
  { dir, token, path }: GitHttpOptions,
  service: string,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const url = new URL(request.url ?? '', 'http://localhost');
  const writes =
    service.includes('git-receive-pack') || url.searchParams.get('service') === 'git-receive-pack';
  if (writes && !sameText(passwordOf(request), token)) {
    response.writeHead(401, { 'www-authenticate': 'Basic realm="git"', 'content-type': 'text/plain' });
    response.end('a push needs the token\n');
    return;
  }
  answerByGit(request, response, { root: join(dir, '.git'), service, user: writes ? 'm0' : null, path });
}

/**
 * GitLab's merge requests as its REST documentation describes them (docs.gitlab.com/api/merge_requests, /users, /notes),
 * over a bare repository that git's own HTTP server serves.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { type Answer, answer } from './forge-proxy.ts';
import { serveGitOverHttp } from './git-over-http.ts';
import { git } from './terraform-repo.ts';

interface MergeRequest {
  iid: number;
  title: string;
  description: string;
  source_branch: string;
  target_branch: string;
  state: 'opened' | 'closed' | 'merged';
  web_url: string;
  merged_by: object | null;
  closed_by: object | null;
  merge_commit_sha: string | null;
  squash_commit_sha: string | null;
  reviewers: { id: number; username: string }[];
  notes: string[];
}

export interface GitLabHost {
  readonly url: string;
  readonly mergeRequests: MergeRequest[];
  close(): Promise<void>;
}

/** `dana` is a member, `outsider` has an account but is none. */
const USERS = [
  { id: 11, username: 'dana', email: 'dana@acme.dev', isMember: true },
  { id: 12, username: 'outsider', email: 'o@else.dev', isMember: false },
];

async function jsonOf(request: IncomingMessage): Promise<Record<string, unknown>> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return chunks.length === 0 ? {} : JSON.parse(Buffer.concat(chunks).toString());
}

/** Serves the bare repository `name` under `root`. Reading is free, everything else needs the token. */
export async function startGitLab(root: string, name: string, token: string): Promise<GitLabHost> {
  const mergeRequests: MergeRequest[] = [];
  const project = `/api/v4/projects/${encodeURIComponent(name)}/merge_requests`;
  const members = (ids: unknown): MergeRequest['reviewers'] =>
    USERS.filter(({ id, isMember }) => isMember && Array.isArray(ids) && ids.includes(id));
  const hasBranch = (branch: unknown): boolean =>
    git(join(root, `${name}.git`), 'branch', '--list', String(branch)) !== '';

  function create(body: Record<string, unknown>): Answer {
    const { source_branch: source, target_branch: target, title, description } = body;
    const open = mergeRequests.find((one) => one.source_branch === source && one.state === 'opened');
    if (open !== undefined) {
      const message = [`Another open merge request already exists for this source branch: !${open.iid}`];
      return { status: 409, body: { message } };
    }
    if (!hasBranch(source)) return { status: 400, body: { message: { source_branch: ['does not exist'] } } };
    const iid = mergeRequests.length + 1;
    mergeRequests.push({
      ...{ iid, title: String(title), description: String(description ?? ''), state: 'opened' },
      ...{ source_branch: String(source), target_branch: String(target) },
      web_url: `${served.url}/${name}/-/merge_requests/${iid}`,
      ...{ merged_by: null, closed_by: null, merge_commit_sha: null, squash_commit_sha: null, notes: [] },
      reviewers: members(body.reviewer_ids),
    });
    return { status: 201, body: mergeRequests.at(-1) };
  }

  function edit(one: MergeRequest, body: Record<string, unknown>): Answer {
    if (typeof body.title === 'string') one.title = body.title;
    if (typeof body.description === 'string') one.description = body.description;
    if (body.reviewer_ids !== undefined) one.reviewers = members(body.reviewer_ids);
    if (body.state_event === 'close') {
      one.state = 'closed';
      one.closed_by = { username: 'm0-bot' };
    }
    return { status: 200, body: one };
  }

  async function api(request: IncomingMessage): Promise<Answer> {
    const { method = '' } = request;
    const url = new URL(request.url ?? '', 'http://x');
    if (request.headers['private-token'] !== token)
      return { status: 401, body: { message: '401 Unauthorized' } };
    if (url.pathname === '/api/v4/users') {
      const wanted = url.searchParams.get('username') ?? url.searchParams.get('search');
      return {
        status: 200,
        body: USERS.filter(({ username, email }) => username === wanted || email === wanted),
      };
    }
    if (url.pathname === `/api/v4/projects/${encodeURIComponent(name)}`) {
      const permissions = { project_access: { access_level: 30 }, group_access: null };
      return {
        status: 200,
        body: { id: 1, archived: false, merge_requests_access_level: 'enabled', permissions },
      };
    }
    if (url.pathname === '/api/v4/personal_access_tokens/self') {
      return { status: 200, body: { id: 1, scopes: ['api'] } };
    }
    const [iid, more] = url.pathname.startsWith(`${project}/`)
      ? url.pathname.slice(project.length + 1).split('/')
      : [];
    if (url.pathname === project && method === 'GET') {
      const { source_branch: source, target_branch: target, state } = Object.fromEntries(url.searchParams);
      const found = mergeRequests.filter(
        (one) => one.source_branch === source && one.target_branch === target && one.state === state,
      );
      return { status: 200, body: found };
    }
    if (url.pathname === project && method === 'POST') return create(await jsonOf(request));
    const one = mergeRequests.find((each) => String(each.iid) === iid);
    if (one === undefined) return { status: 404, body: { message: '404 Not found' } };
    if (more === 'notes' && method === 'POST') {
      one.notes.push(String((await jsonOf(request)).body));
      return { status: 201, body: { id: 1 } };
    }
    if (method === 'PUT') return edit(one, await jsonOf(request));
    return { status: 200, body: one };
  }

  const isPush = (request: IncomingMessage): boolean => /git-receive-pack/.test(request.url ?? '');
  const served = await serveGitOverHttp(root, null);
  served.before = (request: IncomingMessage, response: ServerResponse): boolean => {
    if (request.url?.startsWith('/api/') === true) {
      void api(request).then((answered) => answer(response, answered));
      return true;
    }
    return isPush(request) && refusePush(request, response, token);
  };
  return { url: served.url, mergeRequests, close: () => served.close() };
}

/** Answers a push without the token as a Git server does; true if it has. */
export function refusePush(request: IncomingMessage, response: ServerResponse, token: string): boolean {
  const [, value = ''] = (request.headers.authorization ?? '').split(' ');
  if (Buffer.from(value, 'base64').toString().endsWith(`:${token}`)) return false;
  response.writeHead(401, { 'www-authenticate': 'Basic realm="git"' });
  // The worst case for m0: a server that repeats the secret in its answer.
  response.end(`no entry with ${request.headers.authorization}\n`);
  return true;
}

import { createHmac } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLogger } from '../../../src/base/log.ts';
import { createGitWebhook } from '../../../src/http/git-webhook.ts';
import { type HttpServer, startHttp } from '../../../src/http/server.ts';

const SECRET = 'correct horse battery';
const URL_HTTPS = 'https://git.acme.dev/platform/infra.git';
const URL_SSH = 'git@git.acme.dev:platform/infra.git';
const GITHUB = JSON.stringify({
  ref: 'refs/heads/main',
  repository: { clone_url: URL_HTTPS, ssh_url: URL_SSH },
});
const GITLAB = JSON.stringify({ project: { git_http_url: URL_HTTPS, git_ssh_url: URL_SSH } });

const hmac = (body: string, secret = SECRET) => createHmac('sha256', secret).update(body).digest('hex');

describe('POST /git/webhook', () => {
  let server: HttpServer;
  let looked: (readonly string[])[];
  let lines: string[];
  let now: number;

  async function start(secret: string | null = SECRET): Promise<void> {
    const log = createLogger('info', { write: (line) => void lines.push(line) });
    const look = (addresses: readonly string[]): number => looked.push(addresses);
    server = await startHttp({
      ...{ host: '127.0.0.1', port: 0, log },
      ready: async () => ({ ok: true, problems: [] }),
      metrics: async () => '',
      routes: [createGitWebhook({ secret, pollNow: look, clock: () => now, log })],
    });
  }
  beforeEach(() => {
    looked = [];
    lines = [];
    now = 1_000_000;
  });
  afterEach(() => server.close());

  async function post(body: string, headers: Readonly<Record<string, string>>): Promise<[number, string]> {
    const response = await fetch(`${server.url}/git/webhook`, { method: 'POST', body, headers });
    return [response.status, await response.text()];
  }

  it.each([
    ['GitHub', GITHUB, { 'x-hub-signature-256': `sha256=${hmac(GITHUB)}` }],
    ['Gitea', GITHUB, { 'x-gitea-signature': hmac(GITHUB) }],
    ['Forgejo', GITHUB, { 'x-forgejo-signature': hmac(GITHUB), 'x-gitea-signature': hmac(GITHUB) }],
    ['GitLab', GITLAB, { 'x-gitlab-token': SECRET }],
  ])('takes what %s signs, and looks at the repository', async (_, body, headers) => {
    await start();
    const signed: Record<string, string> = { 'content-type': 'application/json', ...headers };
    expect(await post(body, signed)).toEqual([202, 'looking at 1 ref\n']);
    expect(looked).toEqual([[URL_HTTPS, URL_SSH]]);
  });

  it('takes a form, as GitHub sends it unless told otherwise', async () => {
    await start();
    const body = new URLSearchParams({ payload: GITHUB }).toString();
    const headers = {
      'content-type': 'application/x-www-form-urlencoded',
      'x-hub-signature-256': `sha256=${hmac(body)}`,
    };
    expect((await post(body, headers))[0]).toBe(202);
    expect(looked).toEqual([[URL_HTTPS, URL_SSH]]);
  });

  it.each<[string, Record<string, string>]>([
    ['no signature', {}],
    ['the signature of another secret', { 'x-hub-signature-256': `sha256=${hmac(GITHUB, 'guess')}` }],
    ['the signature of another body', { 'x-hub-signature-256': `sha256=${hmac(GITLAB)}` }],
    ['a signature without its name', { 'x-hub-signature-256': hmac(GITHUB) }],
    ['an empty signature', { 'x-hub-signature-256': '' }],
    ['a weaker signature only', { 'x-hub-signature': `sha1=${hmac(GITHUB)}` }],
    ['a wrong token', { 'x-gitlab-token': 'guess' }],
    ['the start of the token', { 'x-gitlab-token': SECRET.slice(0, -1) }],
    [
      'a wrong signature beside a right one of another kind',
      { 'x-hub-signature-256': 'sha256=0', 'x-gitea-signature': hmac(GITHUB) },
    ],
  ])('refuses %s without a word why', async (_, headers) => {
    await start();
    expect(await post(GITHUB, headers)).toEqual([401, 'refused\n']);
    expect(looked).toEqual([]);
  });

  it('logs refusals once a minute, with their number and never a secret', async () => {
    await start();
    for (let i = 0; i < 5; i += 1) await post(GITHUB, { 'x-gitlab-token': 'hunter2' });
    now += 60_000;
    await post(GITHUB, { 'x-gitlab-token': 'hunter2' });
    const refusals = lines.filter((line) => line.includes('were refused'));
    expect(refusals.map((line) => (JSON.parse(line) as { refused: number }).refused)).toEqual([1, 5]);
    expect(lines.join('')).not.toMatch(/hunter2|correct horse/);
  });

  it('is not there without a secret', async () => {
    await start(null);
    const empty = { 'x-hub-signature-256': `sha256=${hmac(GITHUB, '')}` };
    expect((await post(GITHUB, empty))[0]).toBe(404);
    expect((await post(GITHUB, { 'x-gitlab-token': '' }))[0]).toBe(404);
    expect(looked).toEqual([]);
  });

  it('takes no more than 5 MB', async () => {
    await start();
    const large = JSON.stringify({ repository: { clone_url: URL_HTTPS }, padding: 'x'.repeat(6_000_000) });
    // Whoever is still sending may find the line cut before the answer comes.
    const refused = await post(large, { 'x-gitlab-token': SECRET }).catch(() => ['cut']);
    expect([413, 'cut']).toContain(refused[0]);
    expect(looked).toEqual([]);
  });

  it.each(['', 'no JSON', '[]', 'null'])('says what is wrong with the signed body "%s"', async (body) => {
    await start();
    const [status, text] = await post(body, { 'x-gitlab-token': SECRET });
    expect([status, text]).toEqual([400, 'the body is not the JSON of a Git webhook\n']);
  });

  it('believes nothing of a payload but addresses that are text', async () => {
    await start();
    const body = JSON.stringify({ repository: { clone_url: { a: 1 }, ssh_url: 7, html_url: URL_HTTPS } });
    await post(body, { 'x-gitlab-token': SECRET });
    expect(looked).toEqual([[URL_HTTPS]]);
  });
});

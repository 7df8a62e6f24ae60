/** The contract of the forge: real git and the real SDKs, over HTTP. */
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLogger } from '../../src/base/log.ts';
import { loadConfig } from '../../src/config/load.ts';
import { createForge, type ForgeAccess } from '../../src/forge/forge.ts';
import { createMirrors } from '../../src/git/mirrors.ts';
import { createPusher } from '../../src/git/push.ts';
import { type Forge, ForgeError, type Publication, type PullRequest } from '../../src/ports/forge.ts';
import { isValidCron } from '../../src/schedule/cron.ts';
import { commitInto, type ForgeHost, type HostName, startForgeHost } from './forge-hosts.ts';
import type { Fault } from './forge-proxy.ts';
import { commit, git } from './terraform-repo.ts';

const BRANCH = 'm0/prod-network/3f2a91c0';
const { signal } = new AbortController();

/** Registers the tests of a forge against one kind of host. */
export function testForge(name: HostName): void {
  describe(name, () => testsOf(name));
}

function testsOf(name: HostName): void {
  let dir: string;
  let host: ForgeHost;
  let forge: Forge & ForgeAccess;
  let address: string;
  let mirror: string;
  let main: string;
  const log: string[] = [];
  const errors: string[] = [];
  const hasApi = name !== 'another host';

  beforeEach(async () => {
    dir = mkdtempSync(join(tmpdir(), 'm0-forge-'));
    host = await startForgeHost(name, dir);
    address = `${host.proxy.url}/acme/infra.git`;
    main = git(host.served, 'rev-parse', 'main');
    log.length = 0;
    errors.length = 0;
    const file = join(dir, 'm0.yaml');
    const stack = { name: 'prod', environment: 'prod', source: { git: address }, channels: ['slack:C0OPS'] };
    const credentials = [{ for: `${host.proxy.url}/acme`, write: true, ...host.entry }];
    const written = { chat: { slack: {} }, forges: host.kinds, credentials, stacks: [stack] };
    // JSON is YAML.
    writeFileSync(file, JSON.stringify(written));
    const config = await loadConfig(file, host.env, isValidCron);
    const logger = createLogger('trace', { write: (line) => log.push(line) });
    const base = { PATH: process.env.PATH, HOME: dir };
    const mirrors = createMirrors({
      ...{ dir: join(dir, 'mirrors'), log: logger, base, credentials: config.credentials },
    });
    await mirrors.fetch(address, 'main');
    mirror = join(dir, 'mirrors', createHash('sha256').update(address).digest('hex').slice(0, 32));
    forge = createForge({
      credentials: () => config.writeCredentials,
      kinds: () => config.directory.forges ?? {},
      pusher: createPusher({ dir: join(dir, 'push'), base }),
      ...{ mirrors, clock: Date.now, log: logger },
    });
  });

  afterEach(async () => {
    await host.stop();
    const told = [...log, ...errors].join('\n');
    for (const secret of host.secrets()) {
      expect(told).not.toContain(secret);
      expect(told).not.toContain(encodeURIComponent(secret));
      expect(told).not.toContain(Buffer.from(secret).toString('base64').replace(/=+$/, ''));
    }
    rmSync(dir, { recursive: true, force: true });
  });

  const publication = (more: Partial<Publication> = {}): Publication => ({
    ...{ git: address, base: 'main', branch: BRANCH, repository: mirror },
    ...{ commit: commitInto(mirror, 'a = 2\n'), title: 'Put it into the code', body: 'The proof.' },
    ...{ reviewers: [], ...more },
  });
  const publish = (one = publication()): Promise<PullRequest> => forge.publish(one, signal);
  const onServer = (branch: string): string =>
    git(host.served, 'branch', '--list', '--format=%(objectname)', branch);
  async function failure(work: Promise<unknown>): Promise<ForgeError> {
    const error: unknown = await work.then(
      () => new Error('it did not reject'),
      (e: unknown) => e,
    );
    // All that a log could show of it.
    for (let e = error; e instanceof Error; e = e.cause) errors.push(`${e.stack} ${JSON.stringify(e)}`);
    if (!(error instanceof ForgeError)) throw error;
    return error;
  }
  /** Also answers as `fault` from now on. */
  function refuse(fault: Fault): void {
    const { fault: before } = host.proxy;
    host.proxy.fault = (...request) => fault(...request) ?? before(...request);
  }
  const api: RegExp = /^\/api\//;

  it('opens one, and a second publication changes nothing', async () => {
    const one = publication();
    const first = await publish(one);
    expect(await publish(one)).toEqual(first);
    expect(first).toMatchObject({ git: address, base: 'main', branch: BRANCH });
    expect(onServer(BRANCH)).toBe(one.commit);
    expect(await forge.state(first, signal)).toEqual({ state: 'open' });
    expect(git(host.served, 'rev-parse', 'main')).toBe(main);
    const open = await host.open();
    if (!hasApi) {
      expect(first).toMatchObject({ kind: 'branch', number: null, url: null });
      return;
    }
    expect(open).toMatchObject([{ number: first.number, title: one.title, body: one.body }]);
    expect(first.url).toMatch(new RegExp(`^http://127\\.0\\.0\\.1:\\d+/acme/infra/.*/${first.number}$`));
  });

  it('opens one where two are published at once', async () => {
    const one = publication();
    const [a, b] = await Promise.all([publish(one), publish(one)]);
    expect(a).toEqual(b);
    expect(await host.open()).toHaveLength(hasApi ? 1 : 0);
  });

  it('brings the open one to another commit and text', async () => {
    const first = await publish();
    const moved = publication({ commit: commitInto(mirror, 'a = 3\n'), body: 'Another proof.' });
    expect(await publish(moved)).toEqual(first);
    expect(onServer(BRANCH)).toBe(moved.commit);
    if (hasApi) expect(await host.open()).toMatchObject([{ number: first.number, body: 'Another proof.' }]);
  });

  it('sees a merge', async () => {
    const opened = await publish();
    await host.merge(BRANCH);
    const merged = await forge.state(opened, signal);
    expect(merged).toMatchObject({ state: 'merged', by: hasApi ? 'kim' : null });
    if (hasApi) expect(merged).toMatchObject({ commit: git(host.served, 'rev-parse', 'main') });
  });

  it('sees that a person closed it, and opens another one later', async () => {
    const one = publication();
    const opened = await publish(one);
    await host.close(BRANCH);
    expect(await forge.state(opened, signal)).toEqual({ state: 'closed', by: hasApi ? 'kim' : null });
    const again = await publish(one);
    expect(await forge.state(again, signal)).toEqual({ state: 'open' });
    if (hasApi) expect(again.number).not.toBe(opened.number);
  });

  it('closes it with a comment, deletes the branch, and does nothing the second time', async () => {
    const opened = await publish();
    await forge.close(opened, 'The drift is gone, says @everybody', signal);
    expect(await forge.state(opened, signal)).toMatchObject({ state: 'closed' });
    expect(onServer(BRANCH)).toBe('');
    expect(await host.open()).toEqual([]);
    const before = host.proxy.seen.length;
    await forge.close(opened, 'The drift is gone', signal);
    const asked = host.proxy.seen.slice(before).map(({ what }) => what);
    expect(asked.filter((what) => api.test(what.split(' ')[1] ?? '') && !what.startsWith('GET'))).toEqual([]);
  });

  it('leaves what somebody else has pushed to the branch', async () => {
    const opened = await publish();
    const clone = join(dir, 'kims');
    git(dir, 'clone', '--quiet', '--branch', BRANCH, host.served, clone);
    const kims = commit(clone, { 'main.tf': 'a = 4\n' }, 'better');
    git(clone, 'push', '--quiet', 'origin', `HEAD:${BRANCH}`);
    const moved = publication({ commit: commitInto(mirror, 'a = 5\n') });
    const error = await failure(publish(moved));
    expect(error.message).toContain(`somebody else has pushed to ${BRANCH}`);
    expect(error.permanent).toBe(true);
    await forge.close(opened, 'The drift is gone', signal);
    expect(onServer(BRANCH)).toBe(kims);
  });

  it.each(['main', 'release', 'm0/', 'm0/../main', 'refs/heads/main'])(
    'never pushes to %s',
    async (branch) => {
      const error = await failure(publish(publication({ branch })));
      expect(error).toMatchObject({ permanent: true });
      expect(git(host.served, 'for-each-ref', '--format=%(refname) %(objectname)', 'refs/heads')).toBe(
        `refs/heads/main ${main}`,
      );
    },
  );

  it('never pushes to the base, whatever it is called', async () => {
    const error = await failure(publish(publication({ base: BRANCH })));
    expect(error).toMatchObject({ permanent: true });
    expect(onServer(BRANCH)).toBe('');
  });

  it('says that a push is refused', async () => {
    refuse((_, path) => (path.includes('git-receive-pack') ? { status: 403 } : undefined));
    const error = await failure(publish());
    expect(error.message).toContain('403');
    expect(error).toMatchObject({ permanent: true, retryAfterMs: null });
  });

  it('may try again where the server is down', async () => {
    refuse(() => ({ status: 503 }));
    expect(await failure(publish())).toMatchObject({ permanent: false });
    await host.proxy.close();
    expect(await failure(publish())).toMatchObject({ permanent: false });
  });

  it('stops when it is told to', async () => {
    const stopping = new AbortController();
    refuse(() => {
      stopping.abort(new Error('m0 stops'));
      return undefined;
    });
    await expect(forge.publish(publication(), stopping.signal)).rejects.toThrow('m0 stops');
  });

  it('refuses a repository without an entry for writing', async () => {
    expect(forge.refusal(address)).toBeNull();
    const other = `${host.proxy.url}/other/infra.git`;
    expect(forge.refusal(other)).toBe(
      `no entry under credentials in m0.yaml with write: true is for ${other}`,
    );
    expect(await failure(publish(publication({ git: other })))).toMatchObject({ permanent: true });
  });

  it('tells whether it may write, and changes nothing', async () => {
    const may = {
      GitHub: 'may push branches; GitHub does not tell whether the token may open pull requests',
      'GitHub App': 'may push branches and open pull requests',
      GitLab: 'may push branches and open merge requests',
      'another host': 'may push branches, without pull requests',
    };
    expect(await forge.mayWrite(address, 'main', signal)).toBe(may[name]);
    expect(git(host.served, 'for-each-ref', '--format=%(refname)', 'refs/heads')).toBe('refs/heads/main');
    expect(host.proxy.seen.some(({ what }) => what.startsWith('POST') && /receive-pack/.test(what))).toBe(
      false,
    );
  });

  it('tells that it may not push', async () => {
    refuse((_, path) => (path.includes('git-receive-pack') ? { status: 403 } : undefined));
    const error = await failure(forge.mayWrite(address, 'main', signal));
    expect(error.message).toContain('403');
    expect(error).toMatchObject({ permanent: true });
  });

  if (!hasApi) return;

  const answers: readonly (readonly [string, RegExp, object, string])[] =
    name === 'GitLab'
      ? [
          [
            'is a reporter',
            /infra$/,
            { permissions: { group_access: { access_level: 20 } } },
            'access level 20',
          ],
          ['is no member', /infra$/, { permissions: { project_access: null } }, 'access level 0'],
          ['is archived', /infra$/, { archived: true }, 'is archived'],
          ['has no merge requests', /infra$/, { merge_requests_access_level: 'disabled' }, 'are disabled'],
          ['only pushes', /self$/, { scopes: ['write_repository'] }, 'the scope api'],
        ]
      : [
          ...(name === 'GitHub'
            ? [['only reads', /infra$/, { permissions: { push: false } }, 'not push to it'] as const]
            : []),
          ['is archived', /infra$/, { archived: true }, 'is archived'],
        ];
  it.each(answers)('tells that it may not write where it %s', async (_, at, body, why) => {
    refuse((method, path) =>
      method === 'GET' && at.test(path) && api.test(path) ? { status: 200, body } : undefined,
    );
    const error = await failure(forge.mayWrite(address, 'main', signal));
    expect(error.message).toContain(why);
    expect(error).toMatchObject({ permanent: true });
    expect(host.proxy.seen.some(({ what }) => /receive-pack/.test(what))).toBe(false);
  });

  it('finds the one that another m0 has opened a moment ago', async () => {
    const one = publication();
    const opened = await publish(one);
    let lists = 0;
    refuse((method, path) => {
      if (method !== 'GET' || !/\/(pulls|merge_requests)\?/.test(path)) return undefined;
      lists += 1;
      return lists === 1 ? { status: 200, body: [] } : undefined;
    });
    expect(await publish(one)).toEqual(opened);
    expect(await host.open()).toHaveLength(1);
  });

  it.each([
    [403, 'Resource not accessible'],
    [404, 'Not Found'],
  ])('says that the API answers %d', async (status, message) => {
    refuse((method, path) =>
      method === 'POST' && api.test(path) ? { status, body: { message } } : undefined,
    );
    const error = await failure(publish());
    expect(error.message).toContain(`${status}`);
    expect(error.message).toContain(message);
    expect(error).toMatchObject({ permanent: true, retryAfterMs: null });
  });

  it('says when a limited host is to be asked again', async () => {
    const opened = await publish();
    refuse((_, path) => (api.test(path) ? { status: 429, headers: { 'retry-after': '17' } } : undefined));
    const before = host.proxy.seen.length;
    const error = await failure(forge.state(opened, signal));
    expect(error).toMatchObject({ permanent: false, retryAfterMs: 17_000 });
    // One request: a limited host is not asked again at once.
    expect(host.proxy.seen).toHaveLength(before + 1);
  });

  it('reads the limit from its reset', async () => {
    const opened = await publish();
    const prefix = name === 'GitLab' ? '' : 'x-';
    const status = name === 'GitLab' ? 429 : 403;
    const reset = String(Math.ceil(Date.now() / 1000) + 120);
    const headers = { [`${prefix}ratelimit-remaining`]: '0', [`${prefix}ratelimit-reset`]: reset };
    refuse((_, path) => (api.test(path) ? { status, headers } : undefined));
    const error = await failure(forge.state(opened, signal));
    expect(error.permanent).toBe(false);
    expect(error.retryAfterMs).toBeGreaterThan(110_000);
    expect(error.retryAfterMs).toBeLessThanOrEqual(121_000);
  });

  it('asks for reviews, and says in the text who could not be asked', async () => {
    const key = name === 'GitLab' ? 'gitlab' : 'github';
    const reviewers = [
      { email: 'dana@acme.dev', [key]: 'dana' },
      { email: null, [key]: 'outsider' },
      { email: 'eve@acme.dev' },
    ];
    const one = publication({ reviewers });
    await publish(one);
    await publish(one);
    const [shown] = await host.open();
    expect(shown?.reviewers).toEqual(['dana']);
    expect(shown?.body).toMatch(/^The proof\.\n\nNot asked for a review: .*outsider.*/);
    expect(shown?.body).toContain('eve');
    expect(shown?.body).not.toContain('eve@acme');
    expect(log.join('')).toContain('outsider');
  });

  it('mentions nobody in a title', async () => {
    await publish(publication({ title: 'Tags of @everybody, closes #12' }));
    const [shown] = await host.open();
    expect(shown?.title).toBe('Tags of @\u200beverybody, closes #\u200b12');
  });
}

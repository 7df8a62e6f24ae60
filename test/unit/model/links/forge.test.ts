import { describe, expect, it, test } from 'vitest';
import {
  commitUrl,
  type ForgeKind,
  fileUrl,
  forgeOf,
  pullRequestNameOf,
  pullRequestOf,
  pullRequestOfCommit,
} from '../../../../src/model/links/forge.ts';

const SHA = '9f8e7d6c5b4a39281706f5e4d3c2b1a098765432';
const KINDS = { 'code.acme.dev': 'gitlab', 'stash.acme.dev': 'bitbucket-server' } as const;
const PLACE = { file: 'envs/prod/main.tf', line: 12 };

const page = (git: string): string | null => {
  const forge = forgeOf(git, KINDS);
  return forge === null ? null : commitUrl(forge, SHA);
};
const file = (git: string): string | null => {
  const forge = forgeOf(git, KINDS);
  return forge === null ? null : fileUrl(forge, SHA, PLACE);
};

test.each([
  ['https://github.com/acme/infra.git', `https://github.com/acme/infra/commit/${SHA}`],
  ['https://github.com/acme/infra/', `https://github.com/acme/infra/commit/${SHA}`],
  ['git@github.com:acme/infra.git', `https://github.com/acme/infra/commit/${SHA}`],
  ['ssh://git@ssh.github.com:443/acme/infra.git', `https://github.com/acme/infra/commit/${SHA}`],
  ['https://oauth2:t0ken@gitlab.com/a/b/c.git', `https://gitlab.com/a/b/c/-/commit/${SHA}`],
  ['git@code.acme.dev:a/b.git', `https://code.acme.dev/a/b/-/commit/${SHA}`],
  ['https://gitlab.acme.dev/a/b.git', `https://gitlab.acme.dev/a/b/-/commit/${SHA}`],
  ['https://bitbucket.org/acme/infra', `https://bitbucket.org/acme/infra/commits/${SHA}`],
  [
    'ssh://git@stash.acme.dev:7999/INF/infra.git',
    `https://stash.acme.dev/projects/INF/repos/infra/commits/${SHA}`,
  ],
  [
    'https://stash.acme.dev/scm/inf/infra.git',
    `https://stash.acme.dev/projects/inf/repos/infra/commits/${SHA}`,
  ],
  [
    'https://stash.acme.dev/scm/~dana/infra.git',
    `https://stash.acme.dev/users/dana/repos/infra/commits/${SHA}`,
  ],
  [
    'https://dev.azure.com/acme/My%20Project/_git/infra',
    `https://dev.azure.com/acme/My%20Project/_git/infra/commit/${SHA}`,
  ],
  ['git@ssh.dev.azure.com:v3/acme/web/infra', `https://dev.azure.com/acme/web/_git/infra/commit/${SHA}`],
  ['https://codeberg.org/acme/infra.git', `https://codeberg.org/acme/infra/commit/${SHA}`],
  ['https://forgejo.acme.dev/acme/infra.git', `https://forgejo.acme.dev/acme/infra/commit/${SHA}`],
])('%s has the page %s', (git, url) => {
  expect(page(git)).toBe(url);
});

test.each([
  'https://git.acme.dev/infra.git',
  'https://evil-github.com/acme/infra.git',
  '/srv/git/infra.git',
  'file:///srv/git/infra.git',
  'https://github.com/acme',
  'https://github.com/acme/../infra.git',
  'https://github.com/acme/in|fra.git',
  'https://github.com/acme/in%7Cfra>.git',
  'https://github.com/acme/%E2%80%AEinfra.git',
  'javascript://github.com/acme/infra',
  'https://github.com/acme/infra%0a.git',
  'https://github.com/acme/%ZZ.git',
  'git@constructor:acme/infra.git',
])('%s has no page that m0 knows', (git) => {
  expect(page(git)).toBeNull();
});

test('a link stays on the host of the address, whatever its name begins with', () => {
  expect(page('https://github.com.acme.dev/a/b')).toBe(`https://github.com.acme.dev/a/b/commit/${SHA}`);
});

test.each<[string, string]>([
  ['https://github.com/a/b', `https://github.com/a/b/blob/${SHA}/envs/prod/main.tf#L12`],
  ['https://gitlab.com/a/b', `https://gitlab.com/a/b/-/blob/${SHA}/envs/prod/main.tf#L12`],
  ['https://bitbucket.org/a/b', `https://bitbucket.org/a/b/src/${SHA}/envs/prod/main.tf#lines-12`],
  [
    'https://stash.acme.dev/scm/a/b',
    `https://stash.acme.dev/projects/a/repos/b/browse/envs/prod/main.tf?at=${SHA}#12`,
  ],
  [
    'https://dev.azure.com/a/p/_git/b',
    `https://dev.azure.com/a/p/_git/b?path=%2Fenvs%2Fprod%2Fmain.tf&version=GC${SHA}&line=12&lineEnd=13&lineStartColumn=1&lineEndColumn=1`,
  ],
  ['https://codeberg.org/a/b', `https://codeberg.org/a/b/src/commit/${SHA}/envs/prod/main.tf#L12`],
])('a line of code in %s', (git, url) => {
  expect(file(git)).toBe(url);
});

describe('a file whose name is hostile', () => {
  const forge = { kind: 'github' as ForgeKind, host: 'github.com', path: ['a', 'b'] };
  const named = (name: string): string | null => fileUrl(forge, SHA, { file: name, line: 1 });

  test.each([
    'a|b>.tf',
    'a).tf',
    'a](x).tf',
    'a\n.tf',
    '\u202Ea.tf',
    'a<!here>.tf',
    'a b"\'.tf',
    'javascript:alert(1)',
    'a?x=1&y#z.tf',
    'https://evil.dev/x',
  ])('%j ends no link and leads nowhere else', (name) => {
    const url = named(name);
    if (url === null) return;
    expect(url).toMatch(/^https:\/\/github\.com\/a\/b\/blob\/[0-9a-f]{40}\/[\w.%~/-]+#L1$/);
    expect(decodeURIComponent(url)).toContain(name);
  });

  it('has no page if it leads out of the repository, or is no text', () => {
    for (const name of ['../x', 'a/../../x', './a', '/a', 'a//b', '', 'a\ud800'])
      expect(named(name)).toBeNull();
  });

  it('has no page without a real commit, and no line without a real number', () => {
    expect(fileUrl(forge, 'main', PLACE)).toBeNull();
    expect(commitUrl(forge, '../../evil')).toBeNull();
    expect(fileUrl(forge, SHA, { file: 'a.tf', line: null })).toBe(`https://github.com/a/b/blob/${SHA}/a.tf`);
    expect(fileUrl(forge, SHA, { file: 'a.tf', line: -1 })).toBe(`https://github.com/a/b/blob/${SHA}/a.tf`);
  });
});

describe('the pull request that a subject names', () => {
  const of = (kind: ForgeKind, subject: string) =>
    pullRequestOf({ kind, host: 'git.acme.dev', path: ['a', 'b'] }, subject);

  test.each<[ForgeKind, string, string, string]>([
    ['github', 'raise retention (#123)', 'PR #123', 'https://git.acme.dev/a/b/pull/123'],
    ['github', 'Merge pull request #7 from kim/x', 'PR #7', 'https://git.acme.dev/a/b/pull/7'],
    [
      'gitea',
      "Merge pull request 'x' (#9) from kim/x into main",
      'PR #9',
      'https://git.acme.dev/a/b/pulls/9',
    ],
    ['gitlab', 'raise retention (!12)', 'MR !12', 'https://git.acme.dev/a/b/-/merge_requests/12'],
    ['bitbucket', 'Merged in x (pull request #5)', 'PR #5', 'https://git.acme.dev/a/b/pull-requests/5'],
    ['bitbucket-server', 'Pull request #5: x', 'PR #5', 'https://git.acme.dev/a/b/pull-requests/5/overview'],
    ['azure', 'Merged PR 44: x', 'PR #44', 'https://git.acme.dev/a/b/pullrequest/44'],
  ])('%s: %s', (kind, subject, name, url) => {
    expect(of(kind, subject)).toEqual({ name, url });
  });

  it('is none where the host would not write it so', () => {
    for (const subject of ['fixes #12', 'see (#12) there', '(#x)', 'Merge pull request #99999999999', '']) {
      expect(of('github', subject)).toBeNull();
    }
    expect(of('gitlab', 'x (#12)')).toBeNull();
  });
});

describe('the pull request of a commit that came by a merge', () => {
  const github = forgeOf('https://github.com/acme/infra.git', {});
  const gitlab = forgeOf('https://gitlab.com/acme/infra.git', {});

  it('is that of the merge, unless the commit names one itself', () => {
    if (github === null || gitlab === null) throw new Error('no host');
    const merge = 'Merge pull request #118 from acme/ports';
    expect(pullRequestOfCommit(github, { subject: 'open a port', merge })).toEqual({
      name: 'PR #118',
      url: 'https://github.com/acme/infra/pull/118',
    });
    expect(pullRequestOfCommit(github, { subject: 'open a port (#117)', merge })?.name).toBe('PR #117');
    expect(pullRequestOfCommit(gitlab, { subject: 'x', merge: 'See merge request acme/infra!7' })).toEqual({
      name: 'MR !7',
      url: 'https://gitlab.com/acme/infra/-/merge_requests/7',
    });
    expect(pullRequestOfCommit(gitlab, { subject: 'x', merge })).toBeNull();
  });

  it('has its name also where the host is not known', () => {
    expect(pullRequestNameOf({ subject: 'x', merge: 'See merge request acme/infra!7' })).toBe('MR !7');
    expect(pullRequestNameOf({ subject: 'open a port (#118)' })).toBe('PR #118');
    expect(pullRequestNameOf({ subject: 'closes #3', merge: "Merge branch 'x'" })).toBeNull();
  });
});

import { describe, expect, it } from 'vitest';
import { refuseRef, refuseUrl, scrubCredentials, scrubUrl } from '../../../src/git/address.ts';

describe('addresses of repositories', () => {
  it.each([
    'https://git.acme.dev/infra.git',
    'https://oauth2:token@git.acme.dev/infra.git',
    'ssh://git@git.acme.dev:2222/infra.git',
    'git@git.acme.dev:acme/infra.git',
    'file:///srv/git/infra.git',
    '/srv/git/infra.git',
  ])('takes %s', (url) => expect(refuseUrl(url)).toBeNull());

  it.each([
    '',
    '-u/bin/sh',
    '--upload-pack=touch /tmp/x',
    'ext::sh -c whoami',
    'fd::17',
    'ftp://git.acme.dev/infra.git',
    'ssh://-oProxyCommand=whoami/x',
    'ssh://git@-oProxyCommand=whoami/x',
    'git@-oProxyCommand=whoami:x',
    'git@host:-x',
    'relative/path',
    'https://git.acme.dev/\n--upload-pack=x',
  ])('refuses %j', (url) => expect(refuseUrl(url)).not.toBeNull());
});

describe('refs', () => {
  it.each(['main', 'release/1.2', 'v1.0.0', '9f8e7d6c5b4a', 'feature_x-y'])('takes %s', (ref) =>
    expect(refuseRef(ref)).toBeNull(),
  );
  it.each(['', '-x', '--all', 'a b', 'a..b', 'a:b', 'main^', 'a@{1}', '/a', 'a/', 'a.lock', 'a\nb', 'a*'])(
    'refuses %j',
    (ref) => expect(refuseRef(ref)).not.toBeNull(),
  );
});

describe('credentials', () => {
  it('are left out of an address', () => {
    expect(scrubUrl('https://kim:s3cr3t-token@git.acme.dev/infra.git')).toBe(
      'https://git.acme.dev/infra.git',
    );
    expect(scrubUrl('git@git.acme.dev:infra.git')).toBe('git@git.acme.dev:infra.git');
  });

  it('are left out of what git says, encoded or not', () => {
    const url = 'https://kim:s3cr3t%2Ftoken@git.acme.dev/infra.git';
    const text = `fatal: unable to access '${url}': s3cr3t/token and s3cr3t%2Ftoken, https://x:other1@elsewhere/y`;
    const scrubbed = scrubCredentials(text, url);
    expect(scrubbed).not.toMatch(/s3cr3t|other1/);
    expect(scrubbed).toContain('https://git.acme.dev/infra.git');
  });
});

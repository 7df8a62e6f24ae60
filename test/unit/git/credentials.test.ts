import { describe, expect, it } from 'vitest';
import { credentialFor, type GitCredential } from '../../../src/git/credentials.ts';
import { remoteOf } from '../../../src/git/remote.ts';

function credentials(...places: readonly string[]): readonly GitCredential[] {
  return places.map((place, i) => {
    const scope = remoteOf(place);
    if (scope === null) throw new Error(`${place} is no place`);
    const name = `credentials[${i}]`;
    return { kind: 'token', name, for: place, scope, username: null, readToken: () => 'secret' };
  });
}

const chosen = (address: string, ...places: readonly string[]): string | null =>
  credentialFor(address, credentials(...places))?.for ?? null;

describe('the credential of a repository', () => {
  it.each([
    ['https://git.acme.dev', 'https://git.acme.dev/infra.git'],
    ['https://git.acme.dev/', 'https://git.acme.dev:443/acme/infra.git'],
    ['https://git.acme.dev/', 'HTTPS://GIT.ACME.DEV/infra.git'],
    ['https://GIT.acme.dev/', 'https://kim@git.acme.dev/infra.git'],
    ['https://git.acme.dev/acme', 'https://git.acme.dev/acme/infra.git'],
    ['https://git.acme.dev/acme/', 'https://git.acme.dev//acme/infra.git'],
    ['https://git.acme.dev/acme/infra.git', 'https://git.acme.dev/acme/infra.git'],
    ['https://git.acme.dev:8443', 'https://git.acme.dev:8443/infra.git'],
    ['http://127.0.0.1:3000/', 'http://127.0.0.1:3000/infra.git'],
    ['http://[::1]:3000/', 'http://[::1]:3000/infra.git'],
    ['git@git.acme.dev:', 'git@git.acme.dev:acme/infra.git'],
    ['git@git.acme.dev:acme', 'git@GIT.acme.dev:/acme/infra.git'],
    ['git@git.acme.dev:', 'ssh://git@git.acme.dev/acme/infra.git'],
    ['git@git.acme.dev:', 'ssh://git@git.acme.dev:22/acme/infra.git'],
    ['ssh://git.acme.dev/', 'git@git.acme.dev:acme/infra.git'],
    ['ssh://git@git.acme.dev:2222/acme', 'ssh://git@git.acme.dev:2222/acme/infra.git'],
  ])('for %s is for %s', (place, address) => expect(chosen(address, place)).toBe(place));

  it.each([
    ['https://git.acme.dev', 'https://git.acme.dev.evil.com/infra.git'],
    ['https://git.acme.dev', 'https://git.acme.dev@evil.com/infra.git'],
    ['https://git.acme.dev', 'https://git.acme.dev:x@evil.com/infra.git'],
    ['https://git.acme.dev', 'https://git.acme.dev%2eevil.com/infra.git'],
    ['https://git.acme.dev', 'https://git.acme.dev\\@evil.com/infra.git'],
    ['https://git.acme.dev', 'https://git.acme.dev\\.evil.com/infra.git'],
    ['https://git.acme.dev', 'https://evil.com\\git.acme.dev/infra.git'],
    ['https://git.acme.dev', 'https://evil.com#@git.acme.dev/infra.git'],
    ['https://git.acme.dev', 'https://evil.com/https://git.acme.dev/infra.git'],
    ['https://git.acme.dev', 'https://evil.com/?https://git.acme.dev/infra.git'],
    ['https://git.acme.dev', 'https:///git.acme.dev/infra.git'],
    ['https://git.acme.dev', 'https:git.acme.dev/infra.git'],
    ['https://git.acme.dev', 'https://git.acme.dev /infra.git'],
    ['https://git.acme.dev', 'https://git.acme\t.dev/infra.git'],
    ['https://git.acme.dev', 'https://xgit.acme.dev/infra.git'],
    ['https://git.acme.dev', 'http://git.acme.dev/infra.git'],
    ['https://git.acme.dev', 'https://git.acme.dev:8443/infra.git'],
    ['https://git.acme.dev', 'ssh://git@git.acme.dev/infra.git'],
    ['https://git.acme.dev', 'git@git.acme.dev:infra.git'],
    ['https://git.acme.dev/acme', 'https://git.acme.dev/acme-evil/infra.git'],
    ['https://git.acme.dev/acme', 'https://git.acme.dev/acme.git'],
    ['https://git.acme.dev/acme', 'https://git.acme.dev/Acme/infra.git'],
    ['https://git.acme.dev/acme', 'https://git.acme.dev/'],
    ['https://git.acme.dev/acme', 'https://git.acme.dev/acme/../evil/infra.git'],
    ['https://git.acme.dev/acme', 'https://git.acme.dev/acme/%2e%2E/evil/infra.git'],
    ['https://git.acme.dev/acme', 'https://git.acme.dev/acme%2Fx/infra.git'],
    ['git@git.acme.dev:', 'root@git.acme.dev:infra.git'],
    ['git@git.acme.dev:', 'git@git.acme.dev.evil.com:infra.git'],
    ['git@git.acme.dev:', 'ssh://git@git.acme.dev:2222/infra.git'],
    ['git@git.acme.dev:', 'ssh://git@git.acme.dev@evil.com/infra.git'],
    ['git@git.acme.dev:', 'https://git@git.acme.dev/infra.git'],
    ['git@git.acme.dev:acme', 'git@git.acme.dev:acme-evil/infra.git'],
    ['git@git.acme.dev:acme', 'git@git.acme.dev:acme/../evil/infra.git'],
    ['ssh://git.acme.dev/acme', 'ssh://git@git.acme.dev/acme/../evil/infra.git'],
    ['ssh://git.acme.dev/', 'git://git.acme.dev/infra.git'],
    ['ssh://git.acme.dev/', '/git.acme.dev/infra.git'],
    ['ssh://git.acme.dev/', 'file://git.acme.dev/infra.git'],
  ])('for %s is not for %s', (place, address) => expect(chosen(address, place)).toBeNull());

  it('is the one whose address is the longest part of it, in whatever order they stand', () => {
    const places = ['https://git.acme.dev/', 'https://git.acme.dev/acme/infra', 'https://git.acme.dev/acme'];
    for (const order of [places, places.toReversed()]) {
      expect(chosen('https://git.acme.dev/acme/infra/x.git', ...order)).toBe(places[1]);
      expect(chosen('https://git.acme.dev/acme/other.git', ...order)).toBe(places[2]);
      expect(chosen('https://git.acme.dev/else/x.git', ...order)).toBe(places[0]);
    }
    const users = ['ssh://git.acme.dev/', 'git@git.acme.dev:'];
    for (const order of [users, users.toReversed()]) {
      expect(chosen('git@git.acme.dev:x.git', ...order)).toBe(users[1]);
      expect(chosen('kim@git.acme.dev:x.git', ...order)).toBe(users[0]);
    }
  });
});

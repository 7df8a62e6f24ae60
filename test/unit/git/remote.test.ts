import { describe, expect, it } from 'vitest';
import { repositoryKey } from '../../../src/git/remote.ts';

describe('repositoryKey', () => {
  it('knows a repository however its address is written', () => {
    const ways = [
      'https://git.acme.dev/platform/infra.git',
      'https://git.acme.dev/platform/infra',
      'https://kim@GIT.acme.dev/platform/infra/',
      'git@git.acme.dev:platform/infra.git',
      'ssh://git@git.acme.dev:2222/platform/infra.git',
    ];
    expect(new Set(ways.map(repositoryKey)).size).toBe(1);
    expect(repositoryKey('/srv/git/infra.git')).toBe(repositoryKey('file:///srv/git/infra'));
  });

  it('tells others apart', () => {
    const others = [
      'https://git.acme.dev/platform/infra',
      'https://git.acme.dev/platform/infra-modules',
      'https://git.acme.dev/infra',
      'https://git.acme.dev.example/platform/infra',
      'https://git.acme.dev@example.org/platform/infra',
      '/git.acme.dev/platform/infra',
    ];
    expect(new Set(others.map(repositoryKey)).size).toBe(others.length);
  });
});

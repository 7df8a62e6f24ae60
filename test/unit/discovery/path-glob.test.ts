import { describe, expect, it } from 'vitest';
import {
  fillName,
  fillTemplate,
  matchGlob,
  partsOf,
  templateProblem,
} from '../../../src/discovery/path-glob.ts';

describe('matchGlob', () => {
  it.each<[string, string, readonly string[] | null]>([
    ['envs/*/*', 'envs/prod/network', ['prod', 'network']],
    ['envs/*/*', 'envs/prod', null],
    ['envs/*/*', 'envs/prod/a/b', null],
    ['envs/prod-*', 'envs/prod-eu', ['eu']],
    ['envs/*-*', 'envs/prod-eu-1', ['prod', 'eu-1']],
    ['envs/prod-*', 'envs/dev-eu', null],
    ['**', 'a/b', ['a/b']],
    ['**', '', ['']],
    ['**/examples/**', 'modules/vpc/examples/full', ['modules/vpc', 'full']],
    ['**/examples/**', 'examples', ['', '']],
    ['**/examples/**', 'my-examples/a', null],
    ['envs/sandbox/**', 'envs/sandbox', ['']],
    ['envs/sandbox/**', 'envs/sandbox2/a', null],
    ['live/**/net', 'live/a/b/net', ['a/b']],
    ['a.b/*', 'axb/c', null],
  ])('%s over %j', (glob, folder, parts) => {
    expect(matchGlob(glob, folder)?.parts ?? null).toEqual(parts);
    if (parts !== null) expect(partsOf(glob)).toBe(parts.length);
  });
});

describe('templates', () => {
  const values = { parts: ['prod', 'eu/net'], path: 'envs/prod/eu/net', workspace: 'blue' };

  it('are filled, and names have no slash', () => {
    expect(fillTemplate('../vars/{1}/{2}-{workspace}.tfvars', values)).toBe(
      '../vars/prod/eu/net-blue.tfvars',
    );
    expect(fillName('{1}-{2}', values)).toBe('prod-eu-net');
    expect(fillName('{path}', values)).toBe('envs-prod-eu-net');
    expect(fillName('{1}-{2}', { ...values, parts: ['prod', ''] })).toBe('prod');
    expect(fillName('{folder}', values)).toBe('net');
  });

  it.each([
    ['{1}-{2}', 2, null],
    ['{3}', 2, 'has {3}, but a glob of roots has only 2 wildcards'],
    ['{1', 2, 'has a brace without its pair'],
    ['{0}', 2, 'has {0}, which names nothing: there is {1} to {9}, {path}, {folder} and {workspace}'],
  ])('%s with %i wildcards', (template, parts, problem) => {
    expect(templateProblem(template, parts)).toBe(problem);
  });
});

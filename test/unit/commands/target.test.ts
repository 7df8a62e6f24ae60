import { describe, expect, it } from 'vitest';
import { plainTarget, resolveTarget } from '../../../src/commands/target.ts';

const STACKS = [
  { name: 'prod-network', environment: 'prod' },
  { name: 'prod-db', environment: 'prod' },
  { name: 'dev-network', environment: 'dev' },
  { name: 'edge', environment: 'live' },
  { name: 'both', environment: 'dev' },
  { name: 'other', environment: 'both' },
  { name: 'alone', environment: 'alone' },
];

function names(target: string): readonly string[] | { problem: string; choices: readonly string[] } {
  const result = resolveTarget(target, STACKS);
  return result.ok ? result.stacks : { problem: result.problem, choices: result.choices };
}

describe('resolveTarget', () => {
  it.each([
    ['prod-network', ['prod-network']],
    ['Prod-Network', ['prod-network']],
    ['prod', ['prod-db', 'prod-network']],
    ['PROD', ['prod-db', 'prod-network']],
    ['*-network', ['dev-network', 'prod-network']],
    ['prod-??', ['prod-db']],
    ['*', ['alone', 'both', 'dev-network', 'edge', 'other', 'prod-db', 'prod-network']],
    ['alone', ['alone']],
    ['stack:both', ['both']],
    ['env:both', ['other']],
    ['environment:prod', ['prod-db', 'prod-network']],
  ])('%s', (target, expected) => {
    expect(names(target)).toEqual(expected);
  });

  it.each([
    ['prod-network.', ['prod-network']],
    ['prod,', ['prod-db', 'prod-network']],
    ['“prod”', ['prod-db', 'prod-network']],
    ['*prod*', ['prod-db', 'prod-network']],
  ])('does not mind what is around a name: %s', (target, expected) => {
    expect(names(plainTarget(target, STACKS))).toEqual(expected);
  });

  it.each([
    ['prod?', ['prod']],
    ['prod,dev', ['prod', 'dev']],
    ['prod-db/edge?', ['prod-db', 'edge']],
  ])('offers what %s may mean', (target, choices) => {
    expect(names(target)).toMatchObject({ choices });
  });

  it('takes a name with punctuation as it is', () => {
    const stacks = [
      { name: 'a.', environment: 'x' },
      { name: 'a', environment: 'y' },
    ];
    expect(plainTarget('a.', stacks)).toBe('a.');
  });

  it('offers the choices if a name is a stack and an environment', () => {
    expect(names('both')).toEqual({
      problem: 'both is a stack and an environment. Say one of: stack:both, env:both.',
      choices: ['stack:both', 'env:both'],
    });
  });

  it('offers the most similar names for an unknown one', () => {
    expect(names('prod-netwrok')).toMatchObject({ choices: ['prod-network'] });
    expect(names('stack:prod')).toMatchObject({ problem: expect.stringContaining('prod') });
    expect(names('zzz-*')).toMatchObject({ problem: 'No stack is named like zzz-*.' });
  });

  it('has a result if nothing is configured', () => {
    expect(resolveTarget('prod', [])).toMatchObject({ ok: false });
  });

  it('is quick on a hostile glob', () => {
    const stacks = [{ name: 'a'.repeat(2000), environment: 'x' }];
    expect(resolveTarget(`${'*a'.repeat(1000)}b`, stacks)).toMatchObject({ ok: false });
  });
});

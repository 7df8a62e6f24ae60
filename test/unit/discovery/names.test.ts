import { describe, expect, it } from 'vitest';
import { type KnownStack, nameRoots, type PlacedRoot } from '../../../src/discovery/names.ts';

const SOURCE = 'infra';

function root(
  path: string,
  templateName: string,
  change: Partial<PlacedRoot['root']> = {},
  state: string | null = null,
): PlacedRoot {
  return {
    source: SOURCE,
    state,
    root: { path, workspace: 'default', parts: [], templateName, environment: 'prod', ...change },
  };
}

function known(name: string, path: string, change: Partial<KnownStack> = {}): KnownStack {
  const where = { source: SOURCE, path, workspace: 'default', environment: 'prod', state: null };
  return { name, templateName: name, ...where, ...change };
}

function names(
  found: readonly PlacedRoot[],
  before: readonly KnownStack[] = [],
  more: { moves?: Record<string, string>; gone?: readonly KnownStack[]; taken?: readonly string[] } = {},
) {
  const { named, unnamed } = nameRoots({
    found,
    known: before,
    gone: more.gone ?? [],
    taken: new Set(more.taken ?? []),
    movedTo: (_, path) => more.moves?.[path],
  });
  return {
    named: named.map((one) => [one.placed.root.path, one.name, one.movedFrom]),
    unnamed: unnamed.map((one) => [one.placed.root.path, one.why]),
  };
}

describe('nameRoots', () => {
  it('takes the template for a new root', () => {
    expect(names([root('a', 'prod-a')])).toEqual({ named: [['a', 'prod-a', null]], unnamed: [] });
  });

  it('keeps the name of a root that moved once, at its place', () => {
    const before = [known('prod-a', 'b', { templateName: 'prod-b' })];
    expect(names([root('b', 'prod-b')], before).named).toEqual([['b', 'prod-a', null]]);
    // m0.yaml names its roots in another way now: that is asked for.
    expect(names([root('b', 'b')], before).named).toEqual([['b', 'b', null]]);
  });

  it.each<[string, PlacedRoot, KnownStack, Record<string, string>, string]>([
    ['by git’s renames', root('b', 'b'), known('a', 'a'), { a: 'b' }, 'a'],
    ['by its state', root('b', 'b', {}, 's3 a'), known('a', 'a', { state: 's3 a' }), {}, 'a'],
    ['not by another state', root('b', 'b', {}, 's3 b'), known('a', 'a', { state: 's3 a' }), {}, 'b'],
    ['not to another environment', root('b', 'b', { environment: 'dev' }), known('a', 'a'), { a: 'b' }, 'b'],
    ['not to another workspace', root('b', 'b', { workspace: 'x' }), known('a', 'a'), { a: 'b' }, 'b'],
    ['not from another repository', root('b', 'b'), known('a', 'a', { source: 'other' }), { a: 'b' }, 'b'],
  ])('finds a move %s', (_, found, before, moves, name) => {
    expect(names([found], [before], { moves }).named[0]?.[1]).toBe(name);
  });

  it('is no move where the old folder is still a root', () => {
    const found = [root('a', 'a', {}, null), root('b', 'b')];
    expect(names(found, [known('a', 'a')], { moves: { a: 'b' } }).named.map((n) => n[1])).toEqual(['a', 'b']);
  });

  it('gives back the name of a stack that was gone', () => {
    const gone = [known('a', 'old', { state: 's3 a' })];
    expect(names([root('b', 'b', {}, 's3 a')], [], { gone }).named).toEqual([['b', 'a', 'old']]);
    const moved = [known('a', 'b', { templateName: 'b' })];
    expect(names([root('b', 'b')], [], { gone: moved }).named).toEqual([['b', 'a', null]]);
  });

  it('watches neither of two new roots with one name, and says both', () => {
    const { named, unnamed } = names([root('x/a', 'a'), root('y/a', 'a')]);
    expect(named).toEqual([]);
    expect(unnamed).toEqual([
      ['x/a', 'its name "a" is also that of y/a: names must differ'],
      ['y/a', 'its name "a" is also that of x/a: names must differ'],
    ]);
  });

  it('lets the one that had the name keep it, and m0.yaml before all', () => {
    const found = [root('x/a', 'a'), root('y/a', 'a')];
    expect(names(found, [known('a', 'y/a')]).named).toEqual([['y/a', 'a', null]]);
    expect(names(found, [known('a', 'y/a')], { taken: ['a'] })).toMatchObject({
      named: [],
      unnamed: [
        ['x/a', 'its name "a" is also that of a stack that m0.yaml writes out and of y/a: names must differ'],
        ['y/a', 'its name "a" is also that of a stack that m0.yaml writes out and of x/a: names must differ'],
      ],
    });
  });

  it('does not let a new root take the name of one that moved', () => {
    const before = [known('prod-a', 'b', { templateName: 'prod-b' })];
    const { named, unnamed } = names([root('b', 'prod-b'), root('a', 'prod-a')], before);
    expect(named).toEqual([['b', 'prod-a', null]]);
    expect(unnamed[0]?.[1]).toContain('is also that of b');
  });
});

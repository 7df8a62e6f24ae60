import { describe, expect, it } from 'vitest';
import { allUpstream, inRoundOrder, orderOf, ringIn, type StackLinks } from '../../../src/model/order.ts';

const stack = (name: string, after: readonly string[] = [], path = name) => ({
  ...{ name, after, source: { git: 'infra', ref: 'main', path } },
});
const at = (state: string, ...reads: string[]): StackLinks => ({ state, reads });

describe('the order of stacks', () => {
  it('is what m0.yaml says, whose states are read, and what Terragrunt depends on', () => {
    const stacks = [stack('app', ['dns']), stack('dns'), stack('network'), stack('unit', [], 'units/b')];
    const links = new Map([
      ['network', at('n')],
      ['app', at('a', 'n', 'elsewhere')],
      ['unit', { ...at('u'), folders: ['app', 'nowhere'] }],
    ]);
    const order = orderOf(stacks, links);
    expect(Object.fromEntries(order.upstream)).toEqual({
      app: ['dns', 'network'],
      dns: [],
      network: [],
      unit: ['app'],
    });
    expect(order.ignored).toEqual([]);
    expect([...allUpstream(order, 'unit')].sort()).toEqual(['app', 'dns', 'network']);
    const names = inRoundOrder(stacks, (name) => allUpstream(order, name)).map(({ name }) => name);
    expect(names).toEqual(['dns', 'network', 'app', 'unit']);
  });

  it('ignores what the code shows where that makes a ring, and names the ring', () => {
    const links = new Map([
      ['app', at('a', 'n')],
      ['network', at('n', 'd')],
      ['dns', at('d', 'a')],
    ]);
    const order = orderOf([stack('network'), stack('app'), stack('dns')], links);
    expect(order.ignored).toEqual([
      { stack: 'network', upstream: 'dns', ring: ['network', 'dns', 'app', 'network'] },
    ]);
    expect(Object.fromEntries(order.upstream)).toEqual({ app: ['network'], dns: ['app'], network: [] });
  });

  it('keeps what m0.yaml says against the code', () => {
    const order = orderOf(
      [stack('a', ['b']), stack('b')],
      new Map([
        ['a', at('x')],
        ['b', at('y', 'x')],
      ]),
    );
    expect(Object.fromEntries(order.upstream)).toEqual({ a: ['b'], b: [] });
    expect(order.ignored.map(({ ring }) => ring)).toEqual([['b', 'a', 'b']]);
  });
});

it('finds a ring in m0.yaml', () => {
  expect(ringIn([stack('a', ['b']), stack('b', ['c']), stack('c', ['a'])])).toEqual(['a', 'b', 'c', 'a']);
  expect(ringIn([stack('a', ['b', 'c']), stack('b', ['c']), stack('c')])).toBeNull();
});

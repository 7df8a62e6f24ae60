import { expect, it } from 'vitest';
import { checkOrder } from '../../../src/discovery/order.ts';
import { stack } from '../../support/directory.ts';

const named = (name: string, ...after: string[]) => stack({ name, ...(after.length === 0 ? {} : { after }) });
const afters = (...stacks: Parameters<typeof checkOrder>[0]) =>
  Object.fromEntries(checkOrder(stacks).stacks.map(({ name, after }) => [name, after]));
const notes = (...stacks: Parameters<typeof checkOrder>[0]) => Object.fromEntries(checkOrder(stacks).notes);

it('keeps names of stacks that are not there, and tells them', () => {
  const stacks = [named('app', 'netwrok', 'zzz'), named('network')];
  expect(afters(...stacks)).toEqual({ app: ['netwrok', 'zzz'], network: undefined });
  expect(notes(...stacks)).toEqual({
    app: ['after: there is no stack "netwrok", did you mean "network"?', 'after: there is no stack "zzz"'],
  });
});

it('drops the orders of a ring, and no other one', () => {
  const stacks = [named('a', 'b', 'n'), named('b', 'c'), named('c', 'a'), named('d', 'a'), named('n')];
  expect(afters(...stacks)).toEqual({ a: ['n'], b: undefined, c: undefined, d: ['a'], n: undefined });
  const told = ['after: makes a ring, so this order does not count: a → b → c → a'];
  expect(notes(...stacks)).toEqual({ a: told, b: told, c: told });
});

it('drops each of several rings', () => {
  const stacks = [named('a', 'b', 'c'), named('b', 'a'), named('c', 'a')];
  expect(afters(...stacks)).toEqual({ a: undefined, b: undefined, c: undefined });
  expect(notes(...stacks).a).toHaveLength(2);
});

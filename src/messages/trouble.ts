/** A stack's trouble besides drift, in words. */
import { assertNever } from '../base/assert-never.ts';
import { count } from '../text/words.ts';
import type { StackTrouble } from './view-plan-alerts.ts';

/** `1 check of the code fails`, `2 checks of the code fail`. */
export function failingChecksWords(n: number): string {
  return `${count(n, 'check')} of the code ${n === 1 ? 'fails' : 'fail'}`;
}

/** What is wrong, without the stack's name. */
export function troubleWords({ kind, number }: Pick<StackTrouble, 'kind' | 'number'>): string {
  switch (kind) {
    case 'empty-state':
      return `the state is empty, though m0 has seen ${count(number, 'resource')}`;
    case 'conditions':
      return failingChecksWords(number);
    default:
      return assertNever(kind);
  }
}

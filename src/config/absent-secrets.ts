/** Lets a process read m0.yaml although it lacks variables of stacks that it does not work on. */
import { randomUUID } from 'node:crypto';
import type { Stack } from '../model/directory.ts';
import type { Variables } from './environment.ts';

export interface AbsentSecrets {
  /** The variables, with a mark in the place of each one that is not set. */
  readonly variables: Variables;
  /** The names of the variables that the stack takes values from and that are not set. */
  namesIn(stack: Pick<Stack, 'env' | 'secrets'>): readonly string[];
}

export function absentSecrets(variables: Variables): AbsentSecrets {
  const mark = `absent-${randomUUID()}-`;
  const marked = new RegExp(`${mark}([A-Za-z0-9_]+)\\.`, 'g');
  return {
    variables: new Proxy(variables, {
      get: (known, name) =>
        typeof name !== 'string' ? undefined : (Reflect.get(known, name) ?? `${mark}${name}.`),
    }),
    namesIn({ env, secrets = [] }) {
      const texts = [...Object.values(env), ...secrets];
      return [...new Set(texts.flatMap((text) => [...text.matchAll(marked)].map(([, name = '']) => name)))];
    },
  };
}

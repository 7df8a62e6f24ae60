import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { errorText, errorTextWithCause } from '../../../src/base/error-text.ts';

it.each([
  [new Error('disk is full'), 'disk is full'],
  ['stopped', 'stopped'],
  [undefined, 'undefined'],
])('errorText(%s)', (error, expected) => {
  expect(errorText(error)).toBe(expected);
});

describe('errorTextWithCause', () => {
  const refused = new Error('connect ECONNREFUSED 127.0.0.1:1');
  it.each([
    ['an error without a cause', new Error('disk is full'), 'disk is full'],
    ['no Error at all', 'stopped', 'stopped'],
    ['an error with a cause', new Error('asking', { cause: refused }), `asking: ${refused.message}`],
    ['a fetch that failed', new TypeError('fetch failed', { cause: refused }), refused.message],
    [
      'a fetch that failed on each address of the host',
      new TypeError('fetch failed', {
        cause: Object.assign(new AggregateError([refused]), { code: 'ECONNREFUSED' }),
      }),
      'ECONNREFUSED',
    ],
  ])('%s', (_name, error, expected) => {
    expect(errorTextWithCause(error)).toBe(expected);
  });
});

/** `x instanceof Error ? x.message : …`, and `(x as Error).message`. */
function spellsErrorText(node: ts.Node): boolean {
  if (ts.isConditionalExpression(node)) {
    const { condition, whenTrue } = node;
    return /\binstanceof Error$/.test(condition.getText()) && /\.message\b/.test(whenTrue.getText());
  }
  return ts.isPropertyAccessExpression(node) && /\bas Error\)\.message$/.test(node.getText());
}

it('no other file of src spells it out again', () => {
  const spelled: string[] = [];
  const src = join(import.meta.dirname, '../../../src');
  for (const name of readdirSync(src, { recursive: true, encoding: 'utf8' })) {
    // The .mjs files of set-up run before TypeScript does.
    if (!/\.tsx?$/.test(name) || name === join('base', 'error-text.ts')) continue;
    const text = readFileSync(join(src, name), 'utf8');
    const file = ts.createSourceFile(name, text, ts.ScriptTarget.Latest, true);
    const visit = (node: ts.Node): void => {
      if (spellsErrorText(node)) spelled.push(`${name}: ${node.getText()}`);
      ts.forEachChild(node, visit);
    };
    visit(file);
  }
  expect(spelled).toEqual([]);
});

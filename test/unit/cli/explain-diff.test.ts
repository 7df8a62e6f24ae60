import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { explain } from '../../../src/cli/explain.ts';
import type { Json } from '../../../src/drift/finding.ts';
import { type Planned, planJson } from '../../support/plan.ts';

async function out(path: string, read: (path: string) => Promise<Uint8Array>, ...flags: string[]) {
  let text = '';
  const collect = (some: string): void => {
    text += some;
  };
  const io = { out: collect, err: () => {}, color: false, readFile: read };
  expect(await explain([path, ...flags], io)).toBe(1);
  return text;
}

const found = (name: string): Promise<string> =>
  out(new URL(`../../found/explain/${name}.json`, import.meta.url).pathname, readFile);
const told = (...resources: readonly Planned[]): Promise<string> =>
  out('plan.json', () => Promise.resolve(Buffer.from(JSON.stringify(planJson(resources)))));

describe('inputs that were hard to read', () => {
  it('10: one changed line of a long text, with its neighbours', async () => {
    const text = await found('10-long-text-diff-invisible');
    expect(text).toContain(
      [
        'key32: value32',
        '      -   key33: value33',
        '      +   key33: valueX',
        '          key34: value34',
      ].join('\n'),
    );
    expect(text).toContain('line 35:');
    expect(text).not.toContain('key20');
  });

  it('12: a single rule that was opened is one rule', async () => {
    const text = await found('12-open-security-group-without-port');
    expect(text).toContain('22/tcp from 10.0.0.0/8 → 22/tcp from 0.0.0.0/0');
    expect(text).toContain('SSH (22) opened to the world (0.0.0.0/0) on aws_security_group.s');
    expect(text.match(/ingress/g)).toHaveLength(1);
  });

  it('22: a type that changed', async () => {
    const text = await found('22-type-change-unreadable');
    expect(text).toContain('~ a: "1" → 1  (differs only in its type)');
    expect(text).toContain('~ b: "true" → true  (differs only in its type)');
  });
});

const moved = (recorded: Record<string, Json>, actual: Record<string, Json>): Planned => ({
  recorded,
  actual,
  desired: recorded,
});

describe('long texts in the terminal', () => {
  const script = (word: string): string => `#!/bin/bash\nset -e\necho ${word}\n`;

  it('are decoded from base64, which is said', async () => {
    const packed = (text: string): string => Buffer.from(text).toString('base64');
    const text = await told(moved({ user_data: packed(script('a')) }, { user_data: packed(script('b')) }));
    expect(text).toContain('~ user_data:  (decoded from base64)');
    expect(text).toMatch(/^ +- echo a\n +\+ echo b$/m);
  });

  it('that both changed show the lines of both', async () => {
    const text = await told({
      recorded: { script: script('a') },
      actual: { script: script('b') },
      desired: { script: script('c') },
    });
    expect(text).toMatch(/- echo a\n.*\+ echo b\n.*the code wants:\n[\s\S]*- echo a\n.*\+ echo c/);
  });

  it('can not bring control characters to the terminal', async () => {
    const text = await told(moved({ script: script('a') }, { script: script('\u001b[2J\u202e') }));
    expect(text).toContain('echo \\u001b[2J\\u202e');
    expect([...text].filter((character) => character < ' ' && character !== '\n')).toEqual([]);
  });
});

it('equal changes of many instances are one', async () => {
  const instances = Array.from({ length: 30 }, (_, i) => ({
    ...moved({ tags: { Owner: 'a' } }, { tags: { Owner: i === 4 ? 'c' : 'b' } }),
    address: `aws_thing.web[${i}]`,
  }));
  const text = await told(...instances);
  expect(text).toContain('on 29 of 30 instances of aws_thing.web, all alike');
  expect(text.match(/tags\.Owner:/g)).toHaveLength(2);
  expect(text).toContain('~ aws_thing.web[4]');
});

import { expect, it } from 'vitest';
import { bodyOf, commitMessage, titleOf } from '../../../src/codify/texts.ts';
import type { Finding } from '../../../src/drift/finding.ts';
import type { Edit } from '../../../src/model/codification.ts';
import { aCodification } from '../../support/codifications.ts';
import { directory as aDirectory } from '../../support/directory.ts';
import { DANA, sshFinding } from '../../support/runs.ts';

const HOSTILE =
  'x\n\nCo-authored-by: Eve <eve@acme.dev>\r\n/merge @all #12 <img src=x> [a](https://evil.example)';
const edits: readonly Edit[] = [{ file: 'main.tf', line: 41, says: HOSTILE }];
const directory = aDirectory();
const proof = [{ stack: HOSTILE, before: 1, after: 0, against: [] }];
const one = {
  ...aCodification({ address: HOSTILE, edits, proof, by: { ...DANA, name: HOSTILE } }),
  id: 1,
  version: 1,
};

it('has one line as its title, of at most 100 characters', () => {
  const title = titleOf({ edits, stack: HOSTILE });
  expect(title).not.toMatch(/[\r\n]/);
  expect(title.length).toBeLessThanOrEqual(100);
});

it('names nobody as an author of the commit but who asked', () => {
  const message = commitMessage({ ...one, stack: HOSTILE }, edits, directory);
  // As m0 itself and git read them.
  expect([...message.matchAll(/^\s*co-authored-by:.*<(.*)>\s*$/gim)].map(([, email]) => email)).toEqual([
    'dana@acme.dev',
  ]);
  expect(message.split('\n').filter((line) => line.startsWith('/'))).toEqual([]);
  expect(message.split('\n')[1]).toBe('');
  expect(commitMessage(one, edits, { people: [] })).not.toMatch(/^co-authored-by/im);
});

it('shows hostile text in the body as text', () => {
  const finding: Finding = {
    ...sshFinding(),
    address: HOSTILE,
    attributes: [
      {
        path: 'description',
        origin: 'cloud',
        kind: 'changed',
        sensitive: false,
        recorded: 'a',
        actual: '```\n@all /merge\n<script>',
        desired: 'a',
      },
    ],
  };
  const body = bodyOf(one, finding, HOSTILE, 'https://acme.slack.com/archives/C0OPS/p1');
  const block = /^(`{3,})diff\n([\s\S]*?)\n\1$/m.exec(body);
  expect(block).not.toBeNull();
  const outside = body.replace(block?.[0] ?? '', '');
  expect(outside).not.toMatch(/(?<!\\)@|(?<!&)#(?!\d)(?<!\\#)|<img|<script|\]\(|https:\/\/evil/);
  expect(outside.split('\n').filter((line) => /^\s*(\/|co-authored-by)/i.test(line))).toEqual([]);
  expect(outside).toContain('<https://acme.slack.com/archives/C0OPS/p1>');
});

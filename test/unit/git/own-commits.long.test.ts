/** m0's own commits in a real mirror of a real repository. */
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLogger } from '../../../src/base/log.ts';
import { createMirrors } from '../../../src/git/mirrors.ts';
import { createCodeChanges } from '../../../src/git/own-commits.ts';
import type { CodeVersion } from '../../../src/model/code-version.ts';
import { applyCommand, withoutContext } from '../../../src/model/patch.ts';
import type { CodeChanges, OwnEdit } from '../../../src/ports/code-changes.ts';
import { NOON } from '../../support/runs.ts';
import { commit, git, makeRepo } from '../../support/terraform-repo.ts';

const MAIN = 'net/main.tf';
const SPACED = 'über uns/ma in.tf';
const TEXT = '# Ünïcode \u{1f512}\r\nlocals {\r\n\ta  =  1 \r\n}';
const MESSAGE = 'prod: sets a (main.tf:3)\n\nAsked-by: Dana\nCo-authored-by: Dana <dana@acme.dev>\n';
let place: string;
let repo: string;
let code: CodeChanges;
let mirror: string;
let base: CodeVersion;

beforeEach(async () => {
  place = mkdtempSync(join(tmpdir(), 'm0-own-commits-'));
  repo = makeRepo(join(place, 'repo'), {
    [MAIN]: TEXT,
    [SPACED]: 'locals {}\n',
    'net/prod.auto.tfvars.json': '{"a": 1}\n',
    'README.md': 'no code\n',
  });
  chmodSync(join(repo, MAIN), 0o755);
  symlinkSync('/etc/passwd', join(repo, 'net/outside.tf'));
  symlinkSync('main.tf', join(repo, 'net/link.tf'));
  writeFileSync(join(repo, 'net/latin.tf'), Buffer.from('# caf\xe9\n', 'latin1'));
  commit(repo, {}, 'links');
  await start();
});
afterEach(() => rmSync(place, { recursive: true, force: true }));

async function start(): Promise<void> {
  const env = { ...process.env, HOME: place };
  const mirrors = createMirrors({ dir: join(place, 'git'), log: createLogger('silent'), base: env });
  base = await mirrors.fetch(repo, 'main');
  mirror = mirrors.directory(repo);
  code = createCodeChanges(mirrors, env);
}

function anEdit(files: Readonly<Record<string, string>>, over: Partial<OwnEdit> = {}): OwnEdit {
  const given = new Map(Object.entries(files));
  return { git: repo, base, files: given, message: MESSAGE, at: NOON, name: 'codify-1', ...over };
}
const inMirror = (...args: string[]): string => git(mirror, ...args);
const bytes = (at: string): Buffer => execFileSync('git', ['show', at], { cwd: mirror });

it('reads files of code alone: no links, and nothing that is no UTF-8', async () => {
  const texts = await code.texts(repo, base.commit);
  expect([...texts.keys()].sort()).toEqual([MAIN, 'net/prod.auto.tfvars.json', SPACED].sort());
  expect(texts.get(MAIN)).toBe(TEXT);
});

it('reads no file that is too large for code', async () => {
  commit(repo, { 'net/large.tf': `# ${'x'.repeat(4 * 1024 * 1024)}\n`, 'net/small.tf': '# y\n' }, 'large');
  await start();
  const texts = await code.texts(repo, base.commit);
  expect([texts.has('net/large.tf'), texts.get('net/small.tf')]).toEqual([false, '# y\n']);
});

it('is one commit on the base, with only the edited files, their bytes and their modes', async () => {
  const edited = TEXT.replace('1', '"ß\u{1f512}"');
  const made = await code.commit(anEdit({ [MAIN]: edited, [SPACED]: 'locals { b = 2 }\n' }));
  expect(inMirror('rev-list', `${base.commit}..${made.commit}`)).toBe(made.commit);
  expect(inMirror('rev-parse', `${made.commit}^`)).toBe(base.commit);
  expect(inMirror('-c', 'core.quotePath=false', 'diff', '--name-only', base.commit, made.commit)).toBe(
    `${MAIN}\n${SPACED}`,
  );
  expect(bytes(`${made.commit}:${MAIN}`)).toEqual(Buffer.from(edited));
  expect(inMirror('ls-tree', made.commit, '--', MAIN)).toMatch(/^100755 /);
  expect(made).toMatchObject({
    ref: 'main',
    author: 'm0',
    committedAt: NOON,
    subject: 'prod: sets a (main.tf:3)',
  });
});

it('is m0’s, at the time of the question, with the trailers that name who asked', async () => {
  const { commit: made } = await code.commit(anEdit({ [MAIN]: 'edited\n' }));
  expect(inMirror('log', '-1', '--format=%an <%ae> %at %cn %ct', made)).toBe(
    `m0 <m0@noreply.invalid> ${NOON / 1000} m0 ${NOON / 1000}`,
  );
  expect(inMirror('log', '-1', '--format=%(trailers:only)', made)).toBe(
    'Asked-by: Dana\nCo-authored-by: Dana <dana@acme.dev>',
  );
});

it('is the same commit for the same edit, also after a restart, whatever git is set up to do', async () => {
  const first = await code.commit(anEdit({ [MAIN]: 'edited\r\n' }));
  writeFileSync(
    join(place, '.gitconfig'),
    '[core]\n\tautocrlf = input\n[user]\n\tname = Eve\n[commit]\n\tgpgSign = true\n',
  );
  await start();
  expect((await code.commit(anEdit({ [MAIN]: 'edited\r\n' }))).commit).toBe(first.commit);
  expect((await code.commit(anEdit({ [MAIN]: 'edited\n' }))).commit).not.toBe(first.commit);
});

it('touches no branch and leaves nothing but its own ref', async () => {
  const before = inMirror('for-each-ref');
  const { commit: made } = await code.commit(anEdit({ [MAIN]: 'edited\n' }));
  expect(
    inMirror('for-each-ref')
      .split('\n')
      .filter((line) => !before.includes(line)),
  ).toEqual([`${made} commit\trefs/m0/codify/codify-1`]);
  expect(git(repo, 'for-each-ref', '--format=%(refname)')).toBe('refs/heads/main');
  expect(execFileSync('ls', [mirror]).toString()).not.toContain('m0-index');
  // A fetch, which takes over the server's branches, leaves it.
  commit(repo, { 'README.md': 'other\n' }, 'more');
  await start();
  expect(inMirror('rev-parse', 'refs/m0/codify/codify-1')).toBe(made);
  await code.forget(repo, 'codify-1');
  await code.forget(repo, 'codify-1');
  expect(inMirror('for-each-ref')).not.toContain('refs/m0/codify');
});

it('gives the edit as a patch that git apply takes, byte for byte', async () => {
  const edited = TEXT.replace('1', '2');
  const { commit: made } = await code.commit(anEdit({ [MAIN]: edited, [SPACED]: 'locals { b = 2 }\n' }));
  const patch = await code.patch(repo, base.commit, made);
  execFileSync('git', ['apply', '--index'], { cwd: repo, input: patch });
  expect(git(repo, 'write-tree')).toBe(inMirror('rev-parse', `${made}^{tree}`));
  expect(await code.patch(repo, base.commit, base.commit)).toBe('');
});

const LINES = Array.from({ length: 20 }, (_, i) => `  v${i} = ${i}`).join('\n');

describe.each([
  ['at the begin', LINES, LINES.replace('v0 = 0', 'v0 = "x"')],
  ['at the end', `${LINES}\n`, `${LINES}\n`.replace('v19 = 19', 'v19 = "x"')],
  [
    'in the middle and at both ends',
    `${LINES}\n`,
    `new = 1\n${LINES.replace('v9 = 9', 'v9 = 1')}\nnew = 2\n`,
  ],
  ['of one line', 'a = 1\n', 'a = 2\n'],
  ['that empties a file', 'a = 1\n', ''],
  ['that fills a file', '', 'a = 1\n'],
  ['without a newline at the end', LINES, LINES.replace('v19 = 19', 'v19 = "x"')],
  ['that adds the newline at the end', LINES, `${LINES}\n`],
  [
    'in a file with CRLF',
    `${LINES}\n`.replaceAll('\n', '\r\n'),
    `${LINES}\nx\n`.replace('v9 = 9', 'v9 = 1').replaceAll('\n', '\r\n'),
  ],
  ['of CRLF without a newline at the end', 'a = 1\r\nb = 2', 'a = 1\r\nb = 3'],
  ['of lines that look like a patch', '-- a\n@@ -1 +1 @@\n+x\n', '-- b\n@@ -1 +1 @@\n+x\n'],
])('the patch of an edit %s', (_, before, after) => {
  it.each([3, 1, 0])(
    'is taken by git apply with %d lines of context, whatever git is set up to do',
    async (lines) => {
      const settings =
        '[diff]\n\tnoprefix = true\n\tmnemonicPrefix = true\n\tinterHunkContext = 9\n\tsuppressBlankEmpty = true\n';
      writeFileSync(join(place, '.gitconfig'), settings);
      commit(repo, { 'net/edited.tf': before, '.gitattributes': '*.tf -diff\n' }, 'before');
      await start();
      const { commit: made } = await code.commit(anEdit({ 'net/edited.tf': after }));
      const patch = await code.patch(repo, base.commit, made, lines);
      const given = lines === 0 ? withoutContext(patch) : patch;
      const [command = '', ...args] = applyCommand(given).split(' ');
      expect(args).toEqual(lines === 0 ? ['apply', '--unidiff-zero'] : ['apply']);
      execFileSync(command, [...args, '--index'], { cwd: repo, input: given });
      expect(git(repo, 'write-tree')).toBe(inMirror('rev-parse', `${made}^{tree}`));
    },
  );
});

it.each(['net/link.tf', 'net/outside.tf', '../outside.tf', 'net/new.tf', 'net'])(
  'writes only over a plain file that is there: not over %s',
  async (path) => {
    await expect(code.commit(anEdit({ [path]: 'edited\n' }))).rejects.toThrow(path);
    expect(inMirror('for-each-ref')).not.toContain('refs/m0/codify');
  },
);

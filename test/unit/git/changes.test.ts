import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLogger } from '../../../src/base/log.ts';
import { createMirrors, type Mirrors } from '../../../src/git/mirrors.ts';
import { commit, makeRepo } from '../../support/terraform-repo.ts';

const NET = 'envs/prod/network';

let dir: string;
let mirrors: Mirrors;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'm0-changes-'));
  mirrors = createMirrors({ dir: join(dir, 'mirrors'), log: createLogger('silent'), base: process.env });
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** Whether a change of the file would have the stack checked. */
async function touched(
  files: Readonly<Record<string, string>>,
  changed: string,
  code: { path?: string; varFiles?: readonly string[] } = {},
  prepare: (repo: string) => void = () => {},
): Promise<boolean> {
  const repo = join(dir, 'infra');
  makeRepo(repo, { 'README.md': 'x', ...files });
  prepare(repo);
  const from = commit(repo, { 'NOTES.md': 'prepared' }, 'prepared');
  const to = commit(repo, { [changed]: 'moved' }, 'change');
  await mirrors.fetch(repo, 'main');
  return mirrors.touches(from, to, { git: repo, path: NET, varFiles: [], ...code });
}

const module = (source: string) => `module "m" {\n  source = "${source}"\n}\n`;

describe('touches', () => {
  it.each([
    ['a file of its folder', {}, `${NET}/main.tf`, true],
    ['a file below it', {}, `${NET}/user-data/init.sh`, true],
    ['a file elsewhere', {}, 'README.md', false],
    ['a folder whose name begins like its own', {}, `${NET}-old/main.tf`, false],
    [
      'a module elsewhere',
      { [`${NET}/main.tf`]: module('../../../modules/vpc') },
      'modules/vpc/main.tf',
      true,
    ],
    ['another module', { [`${NET}/main.tf`]: module('../../../modules/vpc') }, 'modules/vpc2/main.tf', false],
    [
      'a module of a module',
      { [`${NET}/main.tf`]: module('../../../modules/vpc/'), 'modules/vpc/main.tf': module('../tags') },
      'modules/tags/main.tf',
      true,
    ],
    [
      'a module of a module of its own',
      { [`${NET}/main.tf`]: module('./own'), [`${NET}/own/main.tf`]: module('../../../../modules/tags') },
      'modules/tags/main.tf',
      true,
    ],
    [
      'a module named in JSON',
      { [`${NET}/main.tf.json`]: '{"module":{"m":{"source":"../../../modules/vpc"}}}' },
      'modules/vpc/main.tf',
      true,
    ],
    [
      'a file read by its path',
      { [`${NET}/main.tf`]: 'locals { rules = file("${path.module}/../../rules.json") }' },
      'envs/rules.json',
      true,
    ],
    [
      'a file whose name is put together',
      { [`${NET}/main.tf`]: 'locals { r = file("../../rules/${var.env}.json") }' },
      'envs/rules/prod.json',
      true,
    ],
    [
      'a file a module reads from the stack root',
      {
        [`${NET}/main.tf`]: module('../../../modules/vpc'),
        'modules/vpc/main.tf': 'x = file("../rules.json")',
      },
      'envs/prod/rules.json',
      true,
    ],
    [
      'anything, where a path is only known when it runs',
      { [`${NET}/main.tf`]: 'locals { r = file("${local.where}/../x.json") }' },
      'README.md',
      true,
    ],
    [
      'anything, where modules come from this repository',
      { [`${NET}/main.tf`]: module('git::https://git.acme.dev/infra.git//modules/vpc?ref=main') },
      'README.md',
      true,
    ],
    [
      'not a module from another repository',
      { [`${NET}/main.tf`]: module('git::https://git.acme.dev/infra-modules.git//vpc') },
      'README.md',
      false,
    ],
    [
      'three dots that are no path',
      { [`${NET}/main.tf`]: 'x = max("a"...) # and "so on..."' },
      'README.md',
      false,
    ],
  ])('%s', async (_, files, changed, wanted) => {
    expect(await touched(files as Record<string, string>, changed)).toBe(wanted);
  });

  it('counts its variable files, and everything where it is the root of the repository', async () => {
    const files = { 'envs/common.tfvars': 'a = 1' };
    expect(await touched(files, 'envs/common.tfvars', { varFiles: ['../../common.tfvars'] })).toBe(true);
    rmSync(join(dir, 'infra'), { recursive: true });
    expect(await touched(files, 'README.md', { path: '' })).toBe(true);
  });

  it.each([
    ['a link in its folder', `${NET}/shared.tf`, '../../../shared/all.tf'],
    ['a link on the way to a module', 'modules', 'shared'],
  ])('follows %s', async (_, at, target) => {
    const files = { 'shared/all.tf': 'x', [`${NET}/main.tf`]: module('../../../modules/vpc') };
    const linked = (repo: string) => symlinkSync(target, join(repo, at));
    expect(await touched(files, 'shared/all.tf', {}, linked)).toBe(true);
  });

  it('is true where the earlier commit is gone, and false without a change', async () => {
    const repo = makeRepo(join(dir, 'infra'), { 'README.md': 'x' });
    const { commit: head } = await mirrors.fetch(repo, 'main');
    const code = { git: repo, path: NET, varFiles: [] };
    expect(await mirrors.touches('1'.repeat(40), head, code)).toBe(true);
    expect(await mirrors.touches(head, head, code)).toBe(false);
  });
});

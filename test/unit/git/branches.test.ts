import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { branchesThatChange } from '../../../src/git/branches.ts';

let repo: string;
const git = (...args: string[]): string =>
  execFileSync('git', ['-C', repo, '-c', 'user.name=Kim', '-c', 'user.email=kim@acme.dev', ...args], {
    encoding: 'utf8',
  });
const run = async (args: readonly string[]): Promise<string> => git(...args);

const code = (web: string, db: string): string =>
  `resource "aws_security_group" "web" {\n  name = "${web}"\n}\n\nresource "aws_security_group" "db" {\n  name = "${db}"\n}\n`;

async function commit(message: string, text: string): Promise<string> {
  await writeFile(join(repo, 'main.tf'), text);
  git('add', '-A');
  git('commit', '-qm', message);
  return git('rev-parse', 'HEAD').trim();
}

beforeEach(async () => {
  repo = await mkdtemp(join(tmpdir(), 'm0-branches-'));
  git('init', '-qb', 'main');
  await commit('first', code('a', 'a'));
});
afterEach(() => rm(repo, { recursive: true, force: true }));

const PLACES = {
  'aws_security_group.web': { file: 'main.tf', line: 1 },
  'aws_security_group.db': { file: 'main.tf', line: 5 },
};

it('tells unmerged branches that change the block of a resource, and no others', async () => {
  git('checkout', '-qb', 'hotfix');
  await commit('open', code('hotfix', 'a'));
  git('checkout', '-q', 'main');
  git('checkout', '-qb', 'merged');
  await commit('merged', code('a', 'merged'));
  git('checkout', '-q', 'main');
  git('merge', '-q', '--ff-only', 'merged');
  const head = git('rev-parse', 'HEAD').trim();
  expect(await branchesThatChange(run, head, PLACES)).toEqual({ 'aws_security_group.web': ['hotfix'] });
  expect(await branchesThatChange(run, head, {})).toEqual({});
});

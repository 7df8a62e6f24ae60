import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLogger } from '../../../src/base/log.ts';
import { createMirrors, type Mirrors } from '../../../src/git/mirrors.ts';
import type { StackInputs } from '../../../src/model/code-version.ts';
import { git } from '../../support/terraform-repo.ts';

const NET = 'envs/prod/network';
const KIM = ['Kim', 'kim@acme.dev'] as const;
const DANA = ['Dana', 'dana@acme.dev'] as const;
const ALEX = ['Alex', 'alex@acme.dev'] as const;

let dir: string;
let repo: string;
let mirrors: Mirrors;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'm0-inputs-'));
  repo = join(dir, 'infra');
  mirrors = createMirrors({ dir: join(dir, 'mirrors'), log: createLogger('silent'), base: process.env });
  mkdirSync(repo);
  git(repo, 'init', '--quiet', '--initial-branch', 'main', '.');
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

type Person = readonly [name: string, email: string];

function write(
  files: Readonly<Record<string, string>>,
  author: Person = KIM,
  { committer = author, message = 'change' }: { committer?: Person; message?: string } = {},
): string {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(repo, path)), { recursive: true });
    writeFileSync(join(repo, path), text);
  }
  git(repo, 'add', '--all', '.');
  const env = {
    ...process.env,
    ...{ GIT_AUTHOR_NAME: author[0], GIT_AUTHOR_EMAIL: author[1] },
    ...{ GIT_COMMITTER_NAME: committer[0], GIT_COMMITTER_EMAIL: committer[1] },
  };
  execFileSync('git', ['commit', '--quiet', '--allow-empty', '-m', message], { cwd: repo, env });
  return git(repo, 'rev-parse', 'HEAD');
}

async function inputsOf(
  commit: string,
  since: string | null = null,
  code: { path?: string; varFiles?: readonly string[]; environment?: Readonly<Record<string, string>> } = {},
): Promise<StackInputs> {
  await mirrors.fetch(repo, 'main');
  return mirrors.inputs(commit, since, { git: repo, path: NET, varFiles: [], ...code });
}

const names = ({ authors }: StackInputs): readonly string[] => authors.map(({ name }) => name);

describe('who wrote the inputs', () => {
  it('is who changed the stack, not who changed something else after it', async () => {
    const start = write({ [`${NET}/main.tf`]: 'a' }, ALEX);
    const change = write({ [`${NET}/main.tf`]: 'b' }, KIM, { message: 'open a port' });
    const readme = write({ 'README.md': 'x' }, DANA);
    const inputs = await inputsOf(readme, start);
    expect(names(inputs)).toEqual(['Kim']);
    expect(inputs.touched).toMatchObject({ commit: change, author: 'Kim', subject: 'open a port' });
    expect(inputs.digest).toBe((await inputsOf(change, start)).digest);
    expect(inputs.digest).not.toBe((await inputsOf(start)).digest);
  });

  it('is everybody who wrote since code and cloud agreed: authors, committers and co-authors', async () => {
    const start = write({ [`${NET}/main.tf`]: 'a' }, ALEX);
    write({ [`${NET}/main.tf`]: 'b' }, KIM, { committer: DANA });
    const last = write({ [`${NET}/main.tf`]: 'c' }, KIM, {
      message: 'open a port\n\nco-authored-by: Robin <robin@acme.dev>\n\nSee the ticket.\nIt is urgent.',
    });
    expect(names(await inputsOf(last, start))).toEqual(['Kim', 'Robin', 'Dana']);
    expect(names(await inputsOf(last, null))).toEqual(['Kim', 'Robin', 'Dana', 'Alex']);
    expect(names(await inputsOf(last, 'f'.repeat(40)))).toEqual(['Kim', 'Robin', 'Dana', 'Alex']);
    const none = await inputsOf(last, last);
    expect(none.authors).toEqual([]);
    expect(none.touched?.commit).toBe(last);
  });

  it('is nobody of GitHub, which commits what people merge there', async () => {
    const start = write({ [`${NET}/main.tf`]: 'a' });
    const last = write({ [`${NET}/main.tf`]: 'b' }, DANA, { committer: ['GitHub', 'noreply@github.com'] });
    expect(names(await inputsOf(last, start))).toEqual(['Dana']);
  });

  it('is who wrote on a branch that was merged, also where the merge kept the other side', async () => {
    const start = write({ [`${NET}/main.tf`]: 'a' }, ALEX);
    git(repo, 'checkout', '--quiet', '-b', 'topic');
    write({ [`${NET}/main.tf`]: 'b' }, KIM);
    git(repo, 'checkout', '--quiet', 'main');
    write({ 'README.md': 'x' }, DANA);
    const who = ['-c', 'user.name=Dana', '-c', 'user.email=dana@acme.dev'];
    git(repo, ...who, 'merge', '--quiet', '--no-ff', '-m', 'merge', 'topic');
    expect(names(await inputsOf(git(repo, 'rev-parse', 'HEAD'), start))).toEqual(['Kim']);
    git(repo, 'checkout', '--quiet', '-b', 'other', start);
    write({ [`${NET}/main.tf`]: 'c' }, ['Robin', 'robin@acme.dev']);
    git(repo, 'checkout', '--quiet', 'main');
    git(repo, ...who, 'merge', '--quiet', '--no-ff', '-s', 'ours', '-m', 'merge', 'other');
    expect(names(await inputsOf(git(repo, 'rev-parse', 'HEAD'), start))).toEqual(['Robin', 'Kim']);
  });

  it('is who changed something in a merge', async () => {
    const start = write({ [`${NET}/main.tf`]: 'a' }, ALEX);
    git(repo, 'checkout', '--quiet', '-b', 'topic');
    write({ 'README.md': 'x' }, KIM);
    git(repo, 'checkout', '--quiet', 'main');
    write({ 'NOTES.md': 'x' }, KIM);
    git(repo, 'merge', '--quiet', '--no-ff', '--no-commit', 'topic');
    const merge = write({ [`${NET}/main.tf`]: 'opened in the merge' }, DANA);
    const inputs = await inputsOf(merge, start);
    expect(names(inputs)).toEqual(['Dana']);
    expect(inputs.touched?.commit).toBe(merge);
  });

  it('does not read names into each other', async () => {
    const start = write({ [`${NET}/main.tf`]: 'a' });
    const last = write({ [`${NET}/main.tf`]: 'b' }, ['E\u0001ve', 'eve@acme.dev'], {
      message: 'x\u0001\u0002',
    });
    expect((await inputsOf(last, start)).authors).toContainEqual(
      expect.objectContaining({ email: 'eve@acme.dev' }),
    );
  });
});

const main = (text: string) => ({ [`${NET}/main.tf`]: text });
const call = (args: string) => main(`locals {\n  a = ${args}\n}\n`);
const module = (source: string) => main(`module "m" {\n  source = ${source}\n  a = 1\n}\n`);
const ANYTHING = 'docs/anything.md';

describe('what the code can read', () => {
  it.each<[string, Readonly<Record<string, string>>, string, boolean]>([
    ['a file of its folder', {}, `${NET}/x.txt`, true],
    ['a file elsewhere', main('locals {}'), ANYTHING, false],
    ['a module', module('"../../../modules/vpc"'), 'modules/vpc/main.tf', true],
    ['what stands beside a module', module('"../../../modules/vpc"'), 'modules/other/main.tf', false],
    ['a file that is named', call('file("${path.module}/../../rules.json")'), 'envs/rules.json', true],
    ['beside a file that is named', call('file("${path.module}/../../rules.json")'), ANYTHING, false],
    ['beside a file of its own', call('templatefile("${path.module}/a.tpl", { a = 1 })'), ANYTHING, false],
    ['beside a list of files', call('fileset(path.module, "rules/*.json")'), ANYTHING, false],
    ['a path from a variable', call('file(var.rules)'), ANYTHING, true],
    ['a path that is put together', call('file("${path.module}/${var.name}.json")'), ANYTHING, true],
    ['a path over several lines', call('templatefile(\n    local.name,\n    {}\n  )'), ANYTHING, true],
    ['a path from a function', call('file(join("/", [path.module, "..", "a"]))'), ANYTHING, true],
    ['a choice of paths', call('file(var.a ? "a" : "b")'), ANYTHING, true],
    ['a text and more', call('file("a" == var.b ? "c" : var.d)'), ANYTHING, true],
    ['a list by a pattern from a variable', call('fileset(path.module, var.pattern)'), ANYTHING, true],
    ['a checksum by a variable', call('filebase64sha256(var.zip)'), ANYTHING, true],
    ['the folder above', call('dirname(path.module)'), ANYTHING, true],
    ['a module by a variable', module('"../../../modules/${var.name}"'), ANYTHING, true],
    ['a module by an expression', module('var.source'), ANYTHING, true],
    ['a program', main('data "external" "x" {\n  program = ["sh", "x.sh"]\n}\n'), ANYTHING, true],
    ['a script', main('resource "a" "b" {\n  provisioner "local-exec" {\n  }\n}\n'), ANYTHING, true],
    ['a comment', main('# file(var.x) is not used\n// file(var.y)\nlocals {}'), ANYTHING, false],
    ['a comment in a text', call('<<-EOT\n  # ${file(var.x)}\n  EOT'), ANYTHING, true],
    ['a name that only ends so', call('aws_s3.profile(1)'), ANYTHING, false],
    ['a template that reads', { [`${NET}/a.tpl`]: 'x ${file("../../../docs/anything.md")}' }, ANYTHING, true],
    ['steps in pieces', call('join("/", ["..", "..", "x"])'), ANYTHING, true],
    [
      'an include',
      { [`${NET}/terragrunt.hcl`]: 'include {\n  path = find_in_parent_folders()\n}' },
      'envs/root.hcl',
      true,
    ],
    [
      'an include by name',
      { [`${NET}/terragrunt.hcl`]: 'include {\n  path = find_in_parent_folders("common.hcl")\n}' },
      'common.hcl',
      true,
    ],
    [
      'beside an include',
      { [`${NET}/terragrunt.hcl`]: 'include {\n  path = find_in_parent_folders("common.hcl")\n}' },
      ANYTHING,
      false,
    ],
    [
      'what an include names',
      {
        [`${NET}/terragrunt.hcl`]: 'include {\n  path = find_in_parent_folders("common.hcl")\n}',
        'common.hcl': 'terraform {\n  source = "./modules/../shared//vpc"\n}',
      },
      'shared/vpc/main.tf',
      true,
    ],
    [
      'the folder of the repository',
      { [`${NET}/terragrunt.hcl`]: 'terraform {\n  source = "${get_repo_root()}/modules//vpc"\n}' },
      ANYTHING,
      true,
    ],
  ])('%s', async (_name, files, changed, counts) => {
    write({ 'README.md': 'x', ...main('locals {}'), ...files });
    const before = git(repo, 'rev-parse', 'HEAD');
    const after = write({ [changed]: 'moved' }, DANA);
    const [was, now] = [await inputsOf(before), await inputsOf(after)];
    expect(was.digest !== now.digest).toBe(counts);
    expect(now.touched?.author).toBe(counts ? 'Dana' : 'Kim');
  });

  it.each<[string, Readonly<Record<string, string>>, string, boolean]>([
    ['a variable file', {}, 'envs/prod.tfvars', true],
    ['a value of the environment', { TF_VAR_rules: '../../../docs/rules.json' }, 'docs/rules.json', true],
    ['arguments in the environment', { TF_CLI_ARGS_plan: '-var-file=../../x.tfvars' }, ANYTHING, true],
    ['another value', { AWS_PROFILE: '../x' }, ANYTHING, false],
  ])('%s of m0.yaml', async (_name, environment, changed, counts) => {
    const before = write(main('locals {}'));
    const after = write({ [changed]: 'moved' });
    const code = { varFiles: ['../../prod.tfvars'], environment };
    const [was, now] = [await inputsOf(before, null, code), await inputsOf(after, null, code)];
    expect(was.digest !== now.digest).toBe(counts);
  });

  it.each<[string, string, Readonly<Record<string, string>>]>([
    ['of a generated unit', 'live/prod/.terragrunt-stack/vpc', {}],
    ['of a generated unit beside its stack', 'live/prod/vpc', {}],
    [
      'of a generated unit that was committed',
      'live/prod/vpc',
      { 'live/prod/vpc/.terragrunt-stack-manifest': 'x' },
    ],
    [
      'of a unit that reads a file of a parent folder',
      'live/prod/vpc',
      {
        'live/prod/vpc/terragrunt.hcl':
          'locals {\n  env = read_terragrunt_config(find_in_parent_folders("env.hcl"))\n}\n',
      },
    ],
  ])('counts every file %s', async (_name, path, files) => {
    const commit = write({ 'live/prod/terragrunt.stack.hcl': 'unit "vpc" {}', ...files });
    expect((await inputsOf(commit, null, { path })).whole).toBe(true);
  });

  it('is bounded for a unit whose include, module and dependency are written out', async () => {
    const unit = `include "root" {
  path = find_in_parent_folders("root.hcl")
}
terraform {
  source = "../../../modules//app"
}
dependency "vpc" {
  config_path = "../vpc"
}
`;
    const root =
      'remote_state {\n  backend = "s3"\n  config = { key = "${path_relative_to_include()}.tfstate" }\n}\n';
    const files = {
      'live/root.hcl': root,
      'live/prod/app/terragrunt.hcl': unit,
      'live/prod/vpc/terragrunt.hcl': 'inputs = {}\n',
      'modules/app/main.tf': 'module "x" {\n  source = "../x"\n}\n',
      'modules/x/main.tf': 'locals {}\n',
    };
    const before = await inputsOf(write(files), null, { path: 'live/prod/app' });
    expect(before.whole).toBe(false);
    const moved = async (changed: string): Promise<boolean> => {
      const was = await inputsOf(git(repo, 'rev-parse', 'HEAD'), null, { path: 'live/prod/app' });
      const now = await inputsOf(write({ [changed]: `# ${changed}\n` }), null, { path: 'live/prod/app' });
      return was.digest !== now.digest;
    };
    expect(await moved('docs/a.md')).toBe(false);
    expect(await moved('live/stage/app/terragrunt.hcl')).toBe(false);
    for (const read of [
      'live/root.hcl',
      'live/prod/vpc/terragrunt.hcl',
      'modules/x/main.tf',
      'modules/app/main.tf',
    ])
      expect([read, await moved(read)]).toEqual([read, true]);
  });

  it('says that every file counts', async () => {
    expect((await inputsOf(write(call('file(var.x)')))).whole).toBe(true);
    expect((await inputsOf(write(main('locals {}')))).whole).toBe(false);
  });
});

describe('the merge that brought a commit', () => {
  const merges = (inputs: StackInputs): readonly (string | undefined)[] =>
    (inputs.commits?.newest ?? []).map(({ merge }) => merge);

  function mergeInto(name: string, message: string): void {
    const env = {
      ...process.env,
      ...{ GIT_AUTHOR_NAME: 'Web', GIT_AUTHOR_EMAIL: 'web@acme.dev' },
      ...{ GIT_COMMITTER_NAME: 'Web', GIT_COMMITTER_EMAIL: 'web@acme.dev' },
    };
    execFileSync('git', ['merge', '--quiet', '--no-ff', '-m', message, name], { cwd: repo, env });
  }

  /** A branch with one commit, merged into `base` after another commit there. */
  function branchInto(base: string, name: string, message: string): void {
    git(repo, 'checkout', '--quiet', '-b', name);
    write({ [`${NET}/${name}.tf`]: name }, KIM, { message: `work on ${name}` });
    git(repo, 'checkout', '--quiet', base);
    write({ [`docs-${name}.md`]: 'x' }, DANA, { message: 'meanwhile' });
    mergeInto(name, message);
  }

  it('is told in the words of its host, and not of a commit of the branch itself', async () => {
    const start = write({ [`${NET}/main.tf`]: 'a' });
    branchInto('main', 'ports', 'Merge pull request #118 from acme/ports\n\nOpen a port');
    branchInto(
      'main',
      'tags',
      "Merge branch 'tags' into 'main'\n\nSet tags\n\nSee merge request infra/net!7",
    );
    write({ [`${NET}/main.tf`]: 'd' }, DANA, { message: 'a hotfix (#120)' });
    const head = write({ 'README.md': 'x' });
    const inputs = await inputsOf(head, start);
    expect(inputs.commits?.newest.map(({ subject }) => subject)).toEqual([
      'a hotfix (#120)',
      'work on tags',
      'work on ports',
    ]);
    expect(merges(inputs)).toEqual([
      undefined,
      'See merge request infra/net!7',
      'Merge pull request #118 from acme/ports',
    ]);
  });

  it('is the one into the branch, not one inside of what was merged', async () => {
    const start = write({ [`${NET}/main.tf`]: 'a' });
    git(repo, 'checkout', '--quiet', '-b', 'feature');
    branchInto('feature', 'inner', 'Merge pull request #1 from acme/inner');
    git(repo, 'checkout', '--quiet', 'main');
    mergeInto('feature', 'Merge pull request #2 from acme/feature');
    const inputs = await inputsOf(git(repo, 'rev-parse', 'HEAD'), start);
    expect(merges(inputs)).toEqual(['Merge pull request #2 from acme/feature']);
    expect(inputs.touched?.merge).toBe('Merge pull request #2 from acme/feature');
  });
});

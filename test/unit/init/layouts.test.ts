import { afterEach, describe, expect, it } from 'vitest';
import { BACKEND, InitWorld, type ListedJson, MODULE, PROVIDER } from '../../support/init.ts';

let world: InitWorld;
afterEach(() => world.close());

/** What m0 would watch by the m0.yaml that `init` writes, which `config check` passes and that leaves no root out. */
async function watched(files: Readonly<Record<string, string>>): Promise<readonly ListedJson[]> {
  world = new InitWorld(files);
  expect(await world.init()).toMatchObject({ code: 0, err: '' });
  expect(await world.check()).toMatchObject({ code: 0, err: '' });
  const { code, stacks } = await world.stacks();
  expect(code, 'm0 stacks finds a root that is not watched').toBe(0);
  return stacks;
}

const rows = (stacks: readonly ListedJson[]): readonly string[] =>
  stacks.map((s) => `${s.name} (${s.environment}) ${s.path}`).sort();

const WITH_VARIABLES = `${BACKEND}variable "x" {}\n`;

describe('the layout of a repository', () => {
  it.each([
    {
      what: 'environments below envs: one entry, modules and examples left out',
      files: {
        'envs/prod/net/main.tf': BACKEND,
        'envs/prod/data/db/main.tf': BACKEND,
        'envs/blue/net/main.tf': BACKEND,
        'modules/vpc/main.tf': MODULE,
        'modules/vpc/examples/simple/main.tf': BACKEND,
      },
      stacks: [
        'blue-net (blue) envs/blue/net',
        'prod-data-db (prod) envs/prod/data/db',
        'prod-net (prod) envs/prod/net',
      ],
      entries: 1,
    },
    {
      what: 'environments at the top, beside a root without one',
      files: { 'prod/net/main.tf': BACKEND, 'dev/net/main.tf': BACKEND, 'dns/main.tf': BACKEND },
      stacks: ['dev-net (dev) dev/net', 'dns (main) dns', 'prod-net (prod) prod/net'],
      entries: 3,
    },
    {
      what: 'environments as the last part',
      files: {
        'services/api/prod/main.tf': BACKEND,
        'services/web/prod/main.tf': BACKEND,
        'services/web/dev/main.tf': BACKEND,
      },
      stacks: [
        'dev-web (dev) services/web/dev',
        'prod-api (prod) services/api/prod',
        'prod-web (prod) services/web/prod',
      ],
      entries: 1,
    },
    {
      what: 'roots that only their providers tell; a folder that is used as a module is none',
      files: {
        'prod/net/main.tf': `${PROVIDER}module "a" {\n  source = "../../modules/x"\n}\n`,
        'dev/net/main.tf': PROVIDER,
        'modules/x/main.tf': PROVIDER,
        'prod/notes/main.tf': MODULE,
      },
      stacks: ['dev-net (dev) dev/net', 'prod-net (prod) prod/net'],
      entries: 1,
    },
    {
      what: 'folders whose names would make the same stack twice',
      files: {
        'a [x]/prod/main.tf': BACKEND,
        'a-b/prod/main.tf': BACKEND,
        'a/b/prod/main.tf': BACKEND,
        'main.tf': BACKEND,
      },
      stacks: [
        'main (main) .',
        'prod-a-b (prod) a-b/prod',
        'prod-a-x (prod) a [x]/prod',
        'prod-b (prod) a/b/prod',
      ],
      entries: 2,
    },
  ])('$what', async ({ files, stacks, entries }) => {
    expect(rows(await watched(files as unknown as Record<string, string>))).toEqual(stacks);
    expect(world.text.match(/^ {2}- source:/gm) ?? []).toHaveLength(entries);
  });

  it('var files beside the roots and above them, by the environment', async () => {
    const stacks = await watched({
      'envs/prod/net/main.tf': WITH_VARIABLES,
      'envs/prod/db/main.tf': WITH_VARIABLES,
      'envs/dev/net/main.tf': WITH_VARIABLES,
      'envs/dev/plain/main.tf': BACKEND,
      'envs/dev/own/main.tf': WITH_VARIABLES,
      'envs/dev/own/dev.tfvars': '',
      'envs/dev/own/terraform.tfvars': '',
      'vars/prod.tfvars': '',
      'vars/dev.tfvars': '',
    });
    expect(Object.fromEntries(stacks.map((s) => [s.name, s.settings.varFiles]))).toEqual({
      'prod-net': ['../../../vars/prod.tfvars'],
      'prod-db': ['../../../vars/prod.tfvars'],
      'dev-net': ['../../../vars/dev.tfvars'],
      'dev-plain': [],
      'dev-own': ['dev.tfvars'],
    });
  });

  it('one root for several environments, by its var files: a workspace each', async () => {
    const stacks = await watched({
      'network/main.tf': BACKEND,
      'network/vars/prod.tfvars': '',
      'network/vars/dev.tfvars': '',
    });
    expect(stacks.map((s) => [s.name, s.environment, s.workspace, s.settings.varFiles])).toEqual([
      ['dev-network', 'dev', 'dev', ['vars/dev.tfvars']],
      ['prod-network', 'prod', 'prod', ['vars/prod.tfvars']],
    ]);
  });

  it('tools and versions: the nearest file, the lock file, and required_version', async () => {
    const required = (version: string): string =>
      BACKEND.replace('{\n', `{\n  required_version = "${version}"\n`);
    const stacks = await watched({
      '.terraform-version': '1.9.8\n',
      'envs/prod/a/main.tf': BACKEND,
      'envs/prod/b/main.tf': BACKEND,
      'envs/prod/b/.terraform-version': 'latest\n',
      'envs/dev/c/main.tf': BACKEND,
      'envs/dev/c/.opentofu-version': '1.8.1',
      'envs/dev/d/main.tf': BACKEND,
      'envs/dev/d/.tool-versions': 'nodejs 22.1.0\nopentofu 1.10.0\n',
      'envs/dev/e/main.tf': required('~> 1.7.0'),
      'envs/dev/e/.terraform-version': 'min-required',
    });
    expect(
      Object.fromEntries(stacks.map((s) => [s.name, `${s.settings.tool} ${s.settings.version}`])),
    ).toEqual({
      'prod-a': 'terraform 1.9.8',
      // What a version manager finds out by itself is no version.
      'prod-b': 'terraform null',
      'dev-c': 'tofu 1.8.1',
      'dev-d': 'tofu 1.10.0',
      'dev-e': 'terraform 1.7',
    });
  });

  it('OpenTofu by the lock file, without a version file', async () => {
    const lock = 'provider "registry.opentofu.org/hashicorp/aws" {\n  version = "5.0.0"\n}\n';
    const stacks = await watched({ 'prod/a/main.tf': BACKEND, 'prod/a/.terraform.lock.hcl': lock });
    expect(stacks[0]?.settings.tool).toBe('tofu');
  });

  it('a backend without settings is said, because m0 passes no -backend-config', async () => {
    await watched({ 'prod/a/main.tf': 'terraform {\n  backend "s3" {}\n}\n' });
    expect(world.text).toContain('# NOTE the backend of prod/a sets nothing: m0 passes no -backend-config');
  });

  it('a local backend needs no settings, so nothing is said', async () => {
    await watched({ 'prod/a/main.tf': 'terraform {\n  backend "local" {}\n}\n' });
    expect(world.text).not.toContain('# NOTE');
  });

  it('code that is not understood still is a root', async () => {
    const broken = `${PROVIDER}resource "x" "y" {\n  a = "\${\n`;
    expect(rows(await watched({ 'prod/a/main.tf': broken }))).toEqual(['prod-a (prod) prod/a']);
  });
});

describe('atlantis.yaml', () => {
  it('is taken over: folders, workspaces, var files of its workflows, versions', async () => {
    const stacks = await watched({
      'atlantis.yaml': `version: 3
projects:
  - { name: net-prod, dir: network, workspace: prod, workflow: vars }
  - { name: net-dev, dir: network, workspace: dev, workflow: vars }
  - { dir: ./envs/prod/db/, workflow: shared, terraform_version: v1.8.5 }
  - { dir: legacy, terraform_distribution: opentofu }
  - { dir: gone }
workflows:
  vars: { plan: { steps: [init, { plan: { extra_args: ["-var-file", "$WORKSPACE.tfvars"] } }] } }
  shared:
    plan:
      steps:
        - init: { extra_args: ["-backend-config=prod.hcl"] }
        - run: make build
        - plan: { extra_args: ["-var-file=../../common.tfvars", "-var-file=prod.tfvars"] }
`,
      'network/main.tf': BACKEND,
      'network/prod.tfvars': '',
      'network/dev.tfvars': '',
      'envs/prod/db/main.tf': BACKEND,
      'envs/prod/db/prod.tfvars': '',
      'envs/common.tfvars': '',
      // No backend and no provider: only Atlantis says that it is a root.
      'legacy/main.tf': 'resource "terraform_data" "a" {}\n',
    });
    expect(
      stacks.map((s) => [s.name, s.workspace, s.settings.varFiles, s.settings.tool, s.settings.version]),
    ).toEqual(
      expect.arrayContaining([
        ['dev-network', 'dev', ['dev.tfvars'], 'terraform', null],
        ['prod-network', 'prod', ['prod.tfvars'], 'terraform', null],
        ['prod-db', 'default', ['../../common.tfvars', 'prod.tfvars'], 'terraform', '1.8.5'],
        ['legacy', 'default', [], 'tofu', null],
      ]),
    );
    expect(stacks).toHaveLength(4);
    for (const note of [
      'the option -backend-config=prod.hcl is not taken over',
      'its step "run" is not taken over',
      'there is no code in gone',
    ]) {
      expect(world.text).toContain(note);
    }
  });

  it('that is broken is said, and the rest is found', async () => {
    const stacks = await watched({ 'atlantis.yaml': 'projects: 7\n', 'prod/a/main.tf': BACKEND });
    expect(rows(stacks)).toEqual(['prod-a (prod) prod/a']);
    expect(world.text).toContain('so nothing of it is taken over');
  });
});

describe('Terragrunt', () => {
  const unit = (source: string): string =>
    `include "root" {\n  path = find_in_parent_folders("root.hcl")\n}\n\nterraform {\n  source = "${source}"\n}\n`;

  it('its units are stacks: not what they include, and not the units of a catalog', async () => {
    const stacks = await watched({
      'terragrunt.hcl': 'remote_state {\n  backend = "s3"\n}\n',
      'live/prod/vpc/terragrunt.hcl': unit('../../../modules/vpc'),
      'live/prod/db/terragrunt.hcl': unit('git::https://git.acme.dev/modules.git//db'),
      'live/dev/vpc/terragrunt.hcl': unit('../../../modules/vpc'),
      'live/dev/vpc/.opentofu-version': '1.9.0',
      'modules/vpc/main.tf': MODULE,
      'live/stage/terragrunt.stack.hcl':
        'unit "vpc" {\n  source = "../../units/vpc"\n  path   = "vpc"\n}\nunit "db" {\n  source = "../../units/vpc"\n  path = "data/db"\n  no_dot_terragrunt_stack = true\n}\n',
      'units/vpc/terragrunt.hcl': unit('../../modules/vpc'),
    });
    expect(rows(stacks)).toEqual([
      'dev-vpc (dev) live/dev/vpc',
      'prod-db (prod) live/prod/db',
      'prod-vpc (prod) live/prod/vpc',
      'stage-data-db (stage) live/stage/data/db',
      'stage-vpc (stage) live/stage/.terragrunt-stack/vpc',
    ]);
    expect(world.text.match(/tool: terragrunt/g)).toHaveLength(5);
    expect(world.text).toMatch(/name: dev-vpc, .*version: "1.9.0", runs: tofu/);
    expect(stacks.find((s) => s.name === 'dev-vpc')?.settings.tool).toBe('tofu');
  });
});

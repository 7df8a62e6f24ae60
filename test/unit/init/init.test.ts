import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { BACKEND, InitWorld, MODULE } from '../../support/init.ts';
import { commit, git } from '../../support/terraform-repo.ts';

const FILES = { 'envs/prod/net/main.tf': BACKEND, 'envs/dev/net/main.tf': BACKEND };
let world: InitWorld;
afterEach(() => world.close());

describe('m0 init', () => {
  it('writes an m0.yaml that says what only people know, and what to do next', async () => {
    world = new InitWorld(FILES);
    const { code, out } = await world.init();
    expect(code).toBe(0);
    expect(out).toContain(`2 roots in ${world.repo} (main, `);
    expect(out).toContain('config check --reach');
    for (const part of ['people', 'approvers', 'policies', 'channels']) {
      expect(world.text).toMatch(new RegExp(`${part}:`));
    }
    expect(world.text.match(/FILL IN/g)?.length).toBeGreaterThanOrEqual(4);
    expect(world.text).toContain('prod: {}');
    const checked = await world.check();
    expect(checked.code).toBe(0);
    expect(checked.out).toContain(
      'note: the channel is still the one that `m0 init` writes: slack:C0000000000',
    );
  });

  it('takes the folder it is typed in, and the address of its origin', async () => {
    world = new InitWorld(FILES);
    git(world.repo, 'remote', 'add', 'origin', 'https://bot:secret@git.acme.dev/infra.git');
    expect((await world.init([], null, join(world.repo, 'envs/prod'))).code).toBe(0);
    expect(world.text).toContain('source: { git: https://git.acme.dev/infra.git, ref: main }');
    expect(world.text).not.toContain('secret');
  });

  it('takes a bare repository, and another branch', async () => {
    world = new InitWorld({ 'README.md': 'x' });
    git(world.repo, 'checkout', '--quiet', '-b', 'live');
    commit(world.repo, FILES, 'roots');
    git(world.repo, 'checkout', '--quiet', 'main');
    const bare = join(world.dir, 'infra.git');
    git(world.dir, 'clone', '--quiet', '--bare', world.repo, bare);
    expect(await world.init([bare])).toMatchObject({
      code: 1,
      err: expect.stringContaining('no root module'),
    });
    expect(world.isWritten).toBe(false);
    expect((await world.init([bare, '--ref', 'live'])).code).toBe(0);
    expect(world.text).toContain(`source: { git: ${bare}, ref: live }`);
    expect((await world.stacks()).stacks.map((s) => s.name)).toEqual(['dev-net', 'prod-net']);
  });

  it.each([
    { args: ['--wrong'], err: /^init: say `init \[REPOSITORY\]/ },
    { args: ['a', 'b'], err: /^init: say/ },
    { args: ['--ref'], err: /^init: say/ },
    { args: ['nowhere'], err: /there is no such folder: name a folder or an address/ },
    { args: ['empty'], err: /it is no Git repository: name one/ },
    { args: ['ext::sh -c id'], err: /there is no such folder/ },
    { args: ['file:///no/such/repository'], err: /looking for a repository at file:\/\/\/no\/such/ },
    { args: ['infra', '--ref', 'nope'], err: /there is no "nope" in it/ },
  ])('$args is refused with what to do', async ({ args, err }) => {
    world = new InitWorld(FILES);
    mkdirSync(join(world.dir, 'empty'));
    const said = await world.init(args);
    expect(said.code).toBe(2);
    expect(said.err).toMatch(err);
    expect(world.isWritten).toBe(false);
  });
});

describe('m0 init with an m0.yaml that exists', () => {
  const OWN = `# ours
chat: { slack: {} }
people: { dana: { slack: U0DANA } }
defaults: { channels: [slack:C0OPS] }
stacks:
  - { name: net, environment: prod, source: { git: ./infra, path: envs/prod/net } }   # by hand

# the end
digests: []
`;

  it('shows what it would add, changes nothing, and says how to', async () => {
    world = new InitWorld(FILES);
    world.write(OWN);
    const said = await world.init();
    expect(said.code).toBe(1);
    expect(said.out).toMatch(/^\+discover:/m);
    expect(said.out).not.toMatch(/^-/m);
    expect(said.err).toContain('not changed; say it again with --write');
    expect(world.text).toBe(OWN);
    expect((await world.init([world.repo], false)).code).toBe(1);
    expect(world.text).toBe(OWN);
  });

  it.each([
    { how: '--write', args: ['--write'], answer: null },
    { how: 'a yes on the terminal', args: [], answer: true },
  ])('adds only what is not watched yet, with $how', async ({ args, answer }) => {
    world = new InitWorld(FILES);
    world.write(OWN);
    expect((await world.init([world.repo, ...args], answer)).code).toBe(0);
    expect(world.text.startsWith(OWN.trimEnd())).toBe(true);
    const { stacks } = await world.stacks();
    expect(stacks.map((s) => s.name).sort()).toEqual(['dev-net', 'net']);
    const again = await world.init([world.repo, '--write']);
    expect(again).toMatchObject({ code: 0, out: expect.stringContaining('nothing to add') });
    commit(world.repo, { 'envs/dev/new/main.tf': BACKEND, 'modules/a/main.tf': MODULE }, 'another');
    expect((await world.init([world.repo])).out).toContain('nothing to add');
  });

  it('adds below the lists that are there', async () => {
    world = new InitWorld({ ...FILES, 'live/qa/vpc/terragrunt.hcl': 'terraform {\n  source = "x"\n}\n' });
    const text = `${OWN}discover:\n    - source: { git: ./other }\n      roots: ["x/*"]\n      name: "x-{1}"\n      environment: x\n# after\n`;
    world.write(text);
    expect((await world.init([world.repo, '--write'])).code).toBe(0);
    expect(world.text).toMatch(/path: envs\/prod\/net \} \} {3}# by hand\n {2}- \{ name: qa-vpc/);
    expect(world.text).toMatch(/environment: x\n {4}# 1 root, for example envs\/dev\/net\n {4}- source/);
    expect(
      world.text.replace(
        /^ {2}- \{ name: qa-vpc.*\n|^ {4}(# 1 root|- source: \{ git: \/).*\n( {6}.*\n)*/gm,
        '',
      ),
    ).toBe(text);
  });

  it('says what to add where a list is in one line', async () => {
    world = new InitWorld(FILES);
    const text = OWN.replace('digests: []', 'discover: []');
    world.write(text);
    const said = await world.init([world.repo, '--write']);
    expect(said.code).toBe(1);
    expect(said.out).toContain('roots: ["envs/*/**"]');
    expect(said.err).toContain('add the lines above by hand');
    expect(world.text).toBe(text);
  });

  it('refuses one that has mistakes, and leaves it', async () => {
    world = new InitWorld(FILES);
    world.write('stakcs: []\n');
    expect(await world.init([world.repo, '--write'])).toMatchObject({ code: 2 });
    expect(world.text).toBe('stakcs: []\n');
  });
});

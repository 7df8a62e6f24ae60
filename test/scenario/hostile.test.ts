/** A stack whose code looks for what is not its own: in its environment, at home, and beyond. */
import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createFileArtifacts } from '../../src/artifacts/file-artifacts.ts';
import { createMirrors } from '../../src/git/mirrors.ts';
import { createLogger } from '../../src/log.ts';
import type { CodePort, Runner, Stack } from '../../src/runs/ports.ts';
import { createRunner } from '../../src/terraform/runner.ts';
import { TEST_KEY, testTools } from '../support/cloud.ts';
import { stack as anyStack } from '../support/directory.ts';
import { makeRepo } from '../support/terraform-repo.ts';

const OURS = { SLACK_BOT_TOKEN: 'xoxb-m0s-own-token', MICROSOFT_APP_PASSWORD: 'teams-m0s-own' };
const SSH_KEY = 'the-ssh-key-of-m0s-user';
const AWS_KEY = 'the-aws-key-of-m0s-user';
const THEIRS = 'the-token-of-another-stack';
const signal = new AbortController().signal;

/** Reads at plan time what functions reach, and at apply time what a shell reaches. */
const HOSTILE = `variable "beyond" { default = "/nowhere" }
locals {
  home  = pathexpand("~")
  found = fileset(pathexpand("~"), "{.ssh,.aws,.config}/**")
  files = [for name in local.found : try(file("\${local.home}/\${name}"), "")]
  other = try(file(var.beyond), "out of reach")
}
resource "terraform_data" "loot" {
  input = { home = local.home, found = local.found, files = local.files, other = local.other }
  provisioner "local-exec" {
    command = <<-SHELL
      { env; tr '\\0' '\\n' < /proc/$PPID/environ; cat "$HOME"/.ssh/* "$HOME"/.aws/*; } > "$HOME/loot" 2>/dev/null
      ls -ld "$TMPDIR" "$HOME" >> "$HOME/loot"
      { cat /proc/*/environ; grep -rs . "$(dirname "$(dirname "$TF_DATA_DIR")")/.."; } > "$HOME/beyond" 2>/dev/null
      true
    SHELL
  }
}
`;
const HARMLESS = `variable "token" { sensitive = true }
resource "terraform_data" "mine" {
  input = var.token
}
`;

let dir: string;
let m0Home: string;
let asM0: ChildProcess;

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'm0-hostile-'));
  // As /var/lib is: what lies in it guards itself.
  chmodSync(dir, 0o755);
  m0Home = join(dir, 'home-of-m0');
  for (const [path, text] of Object.entries({ '.ssh/id_ed25519': SSH_KEY, '.aws/credentials': AWS_KEY })) {
    mkdirSync(join(m0Home, path, '..'), { recursive: true });
    writeFileSync(join(m0Home, path), text, { mode: 0o600 });
  }
  // A process with m0's own environment, as m0 itself has it from its start on.
  asM0 = spawn('sleep', ['600'], { env: { ...process.env, ...OURS }, stdio: 'ignore' });
});
afterAll(() => {
  asM0.kill();
  rmSync(dir, { recursive: true, force: true });
});

interface Place {
  readonly runner: Runner & CodePort;
  readonly dataDir: string;
  stack(name: string, code: string, env: Readonly<Record<string, string>>): Stack;
  run(stack: Stack): Promise<void>;
  read(stack: Stack, path: string): string;
}

async function place(name: string, stackUser: string | null): Promise<Place> {
  const dataDir = join(dir, name, 'data');
  const tools = await testTools();
  const log = createLogger('silent');
  const base = { ...process.env, ...OURS, HOME: m0Home, SSH_AUTH_SOCK: join(dir, 'agent') };
  const runner = createRunner({
    dataDir,
    tools: { terraform: tools.terraform, tofu: null, cliConfig: tools.terraformCliConfig },
    base,
    stackUser,
    mirrors: createMirrors({ dir: join(dataDir, 'git'), log, base }),
    artifacts: createFileArtifacts(join(dataDir, 'artifacts')),
    log,
    clock: Date.now,
    key: TEST_KEY,
  });
  return {
    runner,
    dataDir,
    stack(stackName, code, env) {
      const git = makeRepo(join(dir, name, 'repos', stackName), { 'a/main.tf': code });
      return anyStack({ name: stackName, source: { git, ref: 'main', path: 'a' }, env });
    },
    async run(stack) {
      const { plan } = await runner.plan(stack, { only: null, signal });
      await runner.apply(stack, plan, signal);
    },
    read: (stack, path) => readFileSync(join(dataDir, 'work', stack.name, path), 'utf8'),
  };
}

describe('a hostile stack', () => {
  it('finds nothing of m0 and of other stacks in its environment and at home', async () => {
    const here = await place('same-user', null);
    await here.run(here.stack('victim', HARMLESS, { TF_VAR_token: THEIRS }));
    const hostile = here.stack('hostile', HOSTILE, { ITS_OWN: 'given-to-it' });
    await here.run(hostile);

    const loot = here.read(hostile, 'home/loot');
    expect(loot).toContain('ITS_OWN=given-to-it');
    expect(loot).toContain(`HOME=${join(here.dataDir, 'work/hostile/home')}\n`);
    expect(loot.match(/^drwx------ .*$/gm)).toHaveLength(2);
    expect(loot).not.toMatch(/^(SSH_AUTH_SOCK|SLACK_|MICROSOFT_|M0_)/m);
    for (const secret of [...Object.values(OURS), SSH_KEY, AWS_KEY, THEIRS, m0Home]) {
      expect(loot).not.toContain(secret);
    }
    const state = JSON.parse(here.read(hostile, 'tree/a/terraform.tfstate'));
    expect(state.resources[0].instances[0].attributes.output.value).toMatchObject({
      home: join(here.dataDir, 'work/hostile/home'),
      found: [],
      files: [],
    });
  });

  it('takes what the AWS files of m0 hold only where m0.yaml names a profile for it', async () => {
    const here = await place('profiles', null);
    const code = HOSTILE.replace('cat "$HOME"/.ssh/*', 'cat "$AWS_SHARED_CREDENTIALS_FILE"');
    const without = here.stack('without', code, {});
    const named = here.stack('named', code, { AWS_PROFILE: 'prod' });
    await here.run(without);
    await here.run(named);
    expect(here.read(without, 'home/loot')).not.toContain(AWS_KEY);
    expect(here.read(named, 'home/loot')).toContain(AWS_KEY);
  });

  it.runIf(process.getuid?.() === 0)(
    "as a user of its own reads neither m0's processes and files nor another stack's",
    async () => {
      const here = await place('own-users', '61000-61009');
      const victim = here.stack('victim', HARMLESS, { TF_VAR_token: THEIRS });
      await here.run(victim);
      const state = join(here.dataDir, 'work/victim/tree/a/terraform.tfstate');
      expect(readFileSync(state, 'utf8')).toContain(THEIRS);
      const hostile = here.stack('hostile', HOSTILE, { ITS_OWN: 'given-to-it', TF_VAR_beyond: state });
      await here.run(hostile);

      const beyond = here.read(hostile, 'home/beyond');
      expect(beyond).toContain('ITS_OWN=given-to-it');
      for (const secret of [...Object.values(OURS), SSH_KEY, AWS_KEY, THEIRS]) {
        expect(beyond).not.toContain(secret);
      }
      expect(here.read(hostile, 'tree/a/terraform.tfstate')).toContain('out of reach');
      // Neither is in the way of the next checks.
      for (const stack of [victim, hostile]) {
        expect((await here.runner.plan(stack, { only: null, signal })).analysis.findings).toEqual([]);
      }
    },
  );

  it.each([
    ['root', 'would be root'],
    ['0:0', 'would be root'],
    ['no-such-user', 'there is no user "no-such-user"'],
    ['61000-61000', 'fewer than the stacks'],
  ])('is not run at all as %s', async (stackUser, why) => {
    const told = process.getuid?.() === 0 ? why : 'has to run as root';
    const refused = async (): Promise<void> => {
      const here = await place(`refused-${stackUser.replace(':', '-')}`, stackUser);
      await here.run(here.stack('one', HARMLESS, { TF_VAR_token: THEIRS }));
      await here.run(here.stack('two', HARMLESS, { TF_VAR_token: THEIRS }));
    };
    await expect(refused()).rejects.toMatchObject({ phase: 'init', message: expect.stringContaining(told) });
  });
});

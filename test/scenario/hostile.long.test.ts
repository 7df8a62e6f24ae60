/** A stack with hostile code, which searches its environment, its home folder and the rest of the machine for secrets. */
import { type ChildProcess, spawn } from 'node:child_process';
import {
  chmodSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createFileArtifacts } from '../../src/artifacts/file-artifacts.ts';
import { createLogger } from '../../src/base/log.ts';
import { createMirrors } from '../../src/git/mirrors.ts';
import type { Stack } from '../../src/model/directory.ts';
import type { CodePort, Runner } from '../../src/ports/runner.ts';
import { toolsForStacks } from '../../src/setup/tools.ts';
import { openStore } from '../../src/store/open.ts';
import { createRunner } from '../../src/terraform/runner.ts';
import { chooseStackUser, OWN_USERS, type StackUserChoice } from '../../src/terraform/stack-user-default.ts';
import { TEST_KEY, testTools } from '../support/cloud.ts';
import { stack as anyStack } from '../support/directory.ts';
import { makeRepo } from '../support/terraform-repo.ts';

const OURS = { SLACK_BOT_TOKEN: 'xoxb-m0s-own-token', MICROSOFT_APP_PASSWORD: 'teams-m0s-own' };
const SSH_KEY = 'the-ssh-key-of-m0s-user';
const AWS_KEY = 'the-aws-key-of-m0s-user';
const THEIRS = 'the-token-of-another-stack';
const signal = new AbortController().signal;
const whole = { only: null, signal };

/** Code that reads what Terraform functions can read at plan time, and what a shell can read at apply time. */
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
      data=$(dirname "$(dirname "$TF_DATA_DIR")")/..
      { cat /proc/*/environ "$KEYS"/*; grep -rs . "$data"; } > "$HOME/beyond" 2>/dev/null
      printf '%s' "$KNOWN" | while read -r path; do
        { [ -r "$path" ] || [ -w "$path" ]; } && echo "$path"
      done > "$HOME/open"
      printf '%s' "$PEEK" > "$HOME/peek.py" && python3 "$HOME/peek.py" "$OF_M0" > "$HOME/peeked" 2>&1
      true
    SHELL
  }
}
`;
/** Reads another process's stack memory, which holds its environment, and then tries to ptrace it. */
const PEEK = `import ctypes, sys
pid = sys.argv[1]
try:
    for line in open(f"/proc/{pid}/maps"):
        if "[stack]" in line:
            start, end = (int(part, 16) for part in line.split()[0].split("-"))
            with open(f"/proc/{pid}/mem", "rb") as memory:
                memory.seek(start)
                sys.stdout.write(memory.read(end - start).decode("latin1"))
except OSError as error:
    print("memory:", error.strerror)
libc = ctypes.CDLL(None, use_errno=True)
print("attached" if libc.ptrace(16, int(pid), 0, 0) == 0 else "not attached")
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
  // Open to all users like /var/lib: the folders in it must protect themselves.
  chmodSync(dir, 0o755);
  m0Home = join(dir, 'home-of-m0');
  for (const [path, text] of Object.entries({ '.ssh/id_ed25519': SSH_KEY, '.aws/credentials': AWS_KEY })) {
    mkdirSync(join(m0Home, path, '..'), { recursive: true });
    writeFileSync(join(m0Home, path), text, { mode: 0o600 });
  }
  // A process with the same environment as m0.
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

/** The user that m0 chooses for the stack. */
async function chosen(name: string, wanted: string | null): Promise<StackUserChoice> {
  const tools = await testTools();
  const dataDir = join(dir, name, 'data');
  return chooseStackUser({ wanted, uid: process.getuid?.(), dataDir, needed: toolsForStacks(tools) });
}

async function place(name: string, stackUser: string | null): Promise<Place> {
  const dataDir = join(dir, name, 'data');
  const tools = await testTools();
  const log = createLogger('silent');
  const base = { ...process.env, ...OURS, HOME: m0Home, SSH_AUTH_SOCK: join(dir, 'agent') };
  const runner = createRunner({
    toolProcesses: null,
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
  it('finds no data of m0 or other stacks in its environment and home folder', async () => {
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

  it('gets credentials of m0’s AWS files only if m0.yaml names a profile for it', async () => {
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
    "as a separate user, the default under root, can't read processes and files of m0 or of another stack",
    async () => {
      const choice = await chosen('own-users', null);
      expect(choice).toEqual({ stackUser: OWN_USERS, shared: null });
      const here = await place('own-users', choice.stackUser);
      const store = await openStore({
        url: `file:${join(here.dataDir, 'm0.db')}`,
        log: createLogger('silent'),
      });
      const victim = here.stack('victim', HARMLESS, { TF_VAR_token: THEIRS });
      await here.run(victim);
      const kept = await here.runner.plan({ ...victim, env: { TF_VAR_token: `${THEIRS}-2` } }, whole);
      const state = join(here.dataDir, 'work/victim/tree/a/terraform.tfstate');
      expect(readFileSync(state, 'utf8')).toContain(THEIRS);
      // The names of all files, so the hostile code need not search for them.
      const known = readdirSync(here.dataDir, { recursive: true, encoding: 'utf8' }).map((path) =>
        join(here.dataDir, path),
      );
      const hostile = here.stack('hostile', HOSTILE, {
        ...{ KNOWN: `${known.join('\n')}\n` },
        ...{ ITS_OWN: 'given-to-it', TF_VAR_beyond: state, PEEK, OF_M0: String(asM0.pid) },
        ...{ KEYS: join(m0Home, '.ssh') },
      });
      await here.run(hostile);

      const beyond = here.read(hostile, 'home/beyond');
      const peeked = here.read(hostile, 'home/peeked');
      expect(beyond).toContain('ITS_OWN=given-to-it');
      expect(peeked).toMatch(/memory: Permission denied\nnot attached/);
      for (const secret of [...Object.values(OURS), SSH_KEY, AWS_KEY, THEIRS]) {
        expect(beyond).not.toContain(secret);
        expect(peeked).not.toContain(secret);
      }
      expect(here.read(hostile, 'tree/a/terraform.tfstate')).toContain('out of reach');
      // Nothing of the data folder is readable: no database, no kept plans, no mirrors.
      expect(kept.plan.artifact).not.toBe('');
      expect(
        known.filter((path) => /m0\.db|artifacts|git\/|work\/victim\/(home|tree)/.test(path)).length,
      ).toBeGreaterThan(20);
      expect(here.read(hostile, 'home/open')).toBe('');

      // A hard link to a file of m0, which some systems allow, must not make m0 give that file to the stack's user.
      linkSync(join(here.dataDir, 'm0.db'), join(here.dataDir, 'work/hostile/home/stolen'));
      await here.runner.plan(hostile, whole);
      expect(statSync(join(here.dataDir, 'm0.db')).uid).toBe(0);
      await store.close();
      // The leftovers do not break the next checks.
      for (const stack of [victim, hostile]) {
        expect((await here.runner.plan(stack, { only: null, signal })).analysis.findings).toEqual([]);
      }
    },
  );

  it.runIf(process.getuid?.() === 0)('as a separate user, still gets the AWS profile it names', async () => {
    const here = await place('own-profiles', OWN_USERS);
    const code = HOSTILE.replace('cat "$HOME"/.ssh/*', 'cat "$AWS_SHARED_CREDENTIALS_FILE"');
    const stack = here.stack('named', code, { AWS_PROFILE: 'prod' });
    await here.run(stack);
    expect(here.read(stack, 'home/loot')).toContain(AWS_KEY);
    // Without a named profile it gets none any more.
    await here.runner.plan({ ...stack, env: {} }, whole);
    expect(readdirSync(join(here.dataDir, 'work/named')).join()).not.toContain('aws');
  });

  it('runs as m0’s user if configured or if nothing else is possible, and m0 says why', async () => {
    expect(await chosen('self', 'self')).toEqual({ stackUser: null, shared: null });
    expect(await chosen('set', '61000-61009')).toEqual({ stackUser: '61000-61009', shared: null });
    const stranger = await chooseStackUser({ wanted: null, uid: 1000, dataDir: join(dir, 'x'), needed: [] });
    expect(stranger).toEqual({ stackUser: null, shared: 'm0 does not run as root' });
  });

  it.runIf(process.getuid?.() === 0)('gets a report of files that other users cannot read', async () => {
    const closed = join(dir, 'closed');
    mkdirSync(closed, { mode: 0o700 });
    const inside = { wanted: null, uid: 0, dataDir: join(closed, 'data'), needed: [] };
    expect((await chooseStackUser(inside)).shared).toContain(`can't pass through ${closed}`);
    writeFileSync(join(closed, 'terraform'), '', { mode: 0o755 });
    const tool = { ...inside, dataDir: join(dir, 'open'), needed: [join(closed, 'terraform')] };
    expect((await chooseStackUser(tool)).shared).toContain(`can't get at ${join(closed, 'terraform')}`);
  });

  it.each([
    ['root', 'would be root'],
    ['0:0', 'would be root'],
    ['no-such-user', 'there is no user "no-such-user"'],
    ['61000-61000', 'fewer than the stacks'],
  ])('is not run as %s', async (stackUser, why) => {
    const told = process.getuid?.() === 0 ? why : 'has to run as root';
    const refused = async (): Promise<void> => {
      const here = await place(`refused-${stackUser.replace(':', '-')}`, stackUser);
      await here.run(here.stack('one', HARMLESS, { TF_VAR_token: THEIRS }));
      await here.run(here.stack('two', HARMLESS, { TF_VAR_token: THEIRS }));
    };
    await expect(refused()).rejects.toMatchObject({ phase: 'init', message: expect.stringContaining(told) });
  });
});

/**
 * The image: the Dockerfile's own steps in a Debian made from packages, and m0 in containers of it, as root, with the rights
 * of the chart, and as a user without any.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { commitAs, KIM } from '../../src/sandbox/cloud/sample-git.ts';
import type { SandboxCloud } from '../../src/sandbox/cloud/sandbox-cloud.ts';
import { SECRETS } from '../../src/sandbox/sample-organisation.ts';
import { OWN_USERS } from '../../src/terraform/stack-user-default.ts';
import { imageMissing } from '../support/image/base-images.ts';
import { buildImage, CONTEXT, type Image } from '../support/image/build.ts';
import { startContainer } from '../support/image/container.ts';
import { bytesIn, debianPackages, npmPackages, pathsIn } from '../support/image/contents.ts';
import { parseDockerfile } from '../support/image/dockerfile.ts';
import { type ImageService, imageService } from '../support/image/service.ts';
import { DANA, poll, startWorld, type World } from '../support/world.ts';

const missing = await imageMissing();
const suffix = missing === null ? '' : `: all its tests are left out, because ${missing}`;
/** What Docker waits after SIGTERM before it ends a container by force. */
const GRACE_MS = 10_000;
/** The rights of manifests/helm, manifests/compose.yaml and manifests/systemd. */
const SIX = ['SETUID', 'SETGID', 'CHOWN', 'FOWNER', 'DAC_OVERRIDE', 'KILL'];
const CLOSED = { noNewPrivileges: true, readOnly: true, inMemory: ['/tmp'] };
const [FROM = 0, TO = 0] = OWN_USERS.split('-').map(Number);

/**
 * What the code of a stack finds: who it is, which of m0's files and processes it can read, whether it can write into m0's
 * program, and which programs would give it the rights of others.
 */
const PRY = `{
  echo "user $(id -u)"
  find /data -type f -not -path "/data/work/pry/*" -exec sh -c 'cat "$1" >/dev/null 2>&1 && echo "reads $1"' _ {} \\;
  for process in /proc/[0-9]*; do
    tr '\\0' '\\n' < "$process/environ" 2>/dev/null | grep -q '^SLACK_BOT_TOKEN=' && echo "reads the token"
  done
  touch /app/src/main.ts 2>/dev/null && echo "writes into m0"
  find / -xdev -type f -perm /6000 2>/dev/null
} | sort -u > "$OUT"
`;

const pryFiles = (stateDir: string, version: string): Record<string, string> => ({
  'pry/main.tf': `terraform {
  backend "local" {
    path = "${stateDir}/pry.tfstate"
  }
}
resource "terraform_data" "pry" {
  input = "${version}"
  triggers_replace = "${version}"
  provisioner "local-exec" {
    command     = "sh pry.sh"
    environment = { OUT = "${stateDir}/found-${version}" }
  }
}
`,
  'pry/pry.sh': PRY,
});

/** A second stack of the same repository, whose code pries. */
function withPry(yaml: string, cloud: SandboxCloud): string {
  const config = parse(yaml) as { stacks: Record<string, unknown>[] };
  const [first] = config.stacks;
  const pry = {
    ...{ name: 'pry', environment: 'test', source: { git: cloud.repos.infra, ref: 'main', path: 'pry' } },
    ...{ tool: 'terraform', schedule: first?.schedule, approvers: first?.approvers },
  };
  return stringify({ ...config, stacks: [...config.stacks, pry] });
}

describe.skipIf(missing !== null)(`the image${suffix}`, () => {
  let dir: string;
  let image: Image;
  const { args } = parseDockerfile(readFileSync(join(CONTEXT, 'Dockerfile'), 'utf8'));

  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'm0-image-'));
    image = await buildImage(dir);
  });
  afterAll(() => rmSync(dir, { recursive: true, force: true }));

  /** Runs a command in a container of the image. */
  async function run(...command: readonly string[]) {
    const container = startContainer(image, dir, { command });
    return { code: await container.exit, output: container.output() };
  }

  describe('contains', () => {
    const page = readFileSync(join(CONTEXT, 'docs/reference/image.md'), 'utf8');

    it('Node, Terraform and opa in the exact versions of the Dockerfile, and Git and SSH', async () => {
      expect(pathsIn(join(image.root, 'usr/local/bin'), () => true).toSorted()).toEqual([
        '/node',
        '/opa',
        '/terraform',
      ]);
      const said = (await run('sh', '-c', 'node -v; terraform version; opa version; git --version; ssh -V'))
        .output;
      expect(said).toContain(`v${args.NODE_VERSION}\n`);
      expect(said).toContain(`Terraform v${args.TERRAFORM_VERSION}\n`);
      expect(said).toContain(`Version: ${args.OPA_VERSION}\n`);
      expect(said).toMatch(/git version 2\.[\s\S]*OpenSSH_/);
    });

    it('with TOOL=both OpenTofu as well, in the exact version', async () => {
      const both = await buildImage(mkdtempSync(join(dir, 'both-')), {
        target: 'tool',
        args: { TOOL: 'both' },
      });
      expect(pathsIn(both.root, () => true).toSorted()).toEqual(['/terraform', '/tofu']);
      const { stdout } = await execa(join(both.root, 'tofu'), ['version']);
      expect(stdout).toContain(`OpenTofu v${args.TOFU_VERSION}\n`);
    });

    it('the npm packages of the list for programs, and no others', () => {
      const list = JSON.parse(readFileSync(join(CONTEXT, 'docs/reference/sbom.cdx.json'), 'utf8')) as {
        components: { name: string; version: string; scope: string }[];
      };
      const named = list.components.map((one) => ({ ...one, id: `${one.name}@${one.version}` }));
      const found = npmPackages(image.root);
      expect(found.filter((id) => !named.some((one) => one.id === id))).toEqual([]);
      const required = named.filter(({ scope }) => scope === 'required').map(({ id }) => id);
      expect(required.length).toBeGreaterThan(100);
      expect(required.filter((id) => !found.includes(id))).toEqual([]);
    });

    it('the Debian packages that the page names, and no others', () => {
      const [, text = ''] = /```text\n([\s\S]+?)```/.exec(page) ?? [];
      expect(debianPackages(image.root)).toEqual(text.trim().split(/\s+/));
    });

    it('no sandbox, tests, history, configuration, npm, types or sources of packages', () => {
      const app = pathsIn(join(image.root, 'app'), (path) => path.split('/').length === 2);
      const top = ['LICENSE', 'THIRD-PARTY-NOTICES.md', 'node_modules', 'package.json', 'policies', 'src'];
      expect(app.map((path) => path.slice(1)).sort()).toEqual(top);
      const unwanted =
        /^\/app\/src\/sandbox|\/node_modules\/npm\/|\/node_modules\/.*\.(d\.ts|js\.map)$|\.npmrc$/;
      expect(pathsIn(image.root, (path) => unwanted.test(path))).toEqual([]);
    });

    it('no program that gives a user the rights of another one, and no file of m0 that others may write', () => {
      expect(
        pathsIn(image.root, (_, mode) => (mode & 0o170000) === 0o100000 && (mode & 0o6000) !== 0),
      ).toEqual([]);
      const open = (path: string, mode: number): boolean =>
        (mode & 0o170000) !== 0o120000 &&
        (mode & 0o002) !== 0 &&
        !/^\/(tmp|var\/tmp|run\/lock|dev\/)/.test(path);
      expect(pathsIn(image.root, open)).toEqual([]);
    });

    it('as much as the page says, to a tenth', () => {
      const parts: Readonly<Record<string, readonly string[]>> = {
        Node: ['usr/local/bin/node'],
        Terraform: ['usr/local/bin/terraform'],
        opa: ['usr/local/bin/opa'],
        'npm packages': ['app/node_modules'],
        m0: ['app/src', 'app/policies', 'app/package.json', 'app/LICENSE', 'app/THIRD-PARTY-NOTICES.md'],
      };
      const sizes = new Map(
        Object.entries(parts).map(([part, paths]) => [
          part,
          paths.map((path) => bytesIn(join(image.root, path))).reduce((sum, each) => sum + each, 0),
        ]),
      );
      sizes.set('Debian', bytesIn(image.root, Object.values(parts).flat()));
      sizes.set('all', bytesIn(image.root));
      const said = [...page.matchAll(/^\| (\w[\w ]*) \|.*\| (\d+) MB \|$/gm)];
      expect(said.map(([, part]) => part).sort()).toEqual([...sizes.keys()].sort());
      const measured = said.map(([, part = '']) => `${part}: ${((sizes.get(part) ?? 0) / 1e6).toFixed(1)}`);
      for (const [, part = '', megabytes = ''] of said) {
        const off = Math.abs((sizes.get(part) ?? 0) / 1e6 - Number(megabytes));
        expect(off, measured.join(', ')).toBeLessThanOrEqual(Math.max(1, Number(megabytes) / 10));
      }
    });
  });

  it('without an m0.yaml says what to do, and ends with 2', async () => {
    const container = startContainer(image, dir);
    expect(await container.exit).toBe(2);
    expect(container.output()).toMatch(
      /the sandbox is not part of this image: name an m0\.yaml in M0_CONFIG/,
    );
  });

  it('without root and with a data folder of root says which folder to make writable', async () => {
    const config = join(dir, 'm0.yaml');
    writeFileSync(config, 'chat: { slack: {} }\ndefaults: { channels: ["slack:C0OPS"] }\n');
    const container = startContainer(image, dir, {
      ...{ uid: 1000, capabilities: [] },
      env: { SLACK_BOT_TOKEN: SECRETS.botToken, SLACK_APP_TOKEN: SECRETS.appToken },
      binds: [{ from: config, to: '/app/m0.yaml', isFile: true, readOnly: true }],
    });
    expect(await container.exit).toBe(2);
    expect(container.output()).toBe(
      "m0: /data: EACCES: make it writable for m0's user, or name another in M0_DATA_DIR\n",
    );
  });

  it('is not healthy without an m0 in it', async () => {
    const container = startContainer(image, dir, { command: ['sleep', 'infinity'], env: { PORT: '1' } });
    try {
      await poll(async () => (await container.exec('true')).code === 0 || undefined, 'the container');
      expect(await container.health()).toBe(1);
    } finally {
      await container.kill();
    }
  });

  describe('runs m0', () => {
    let m0: ImageService;
    let world: World;
    const stateDir = (): string => join(world.dir, 'sandbox/state');

    const newest = (stack: string, state: string) =>
      poll(async () => {
        const run = (await world.runs()).find((one) => one.stack === stack);
        return run?.state === state ? run : undefined;
      }, `the newest run of ${stack} to be ${state}`);

    beforeAll(async () => {
      m0 = imageService(image, dir);
      world = await startWorld({
        ...{ cloud: 'plain', start: m0.start, config: withPry },
        prepare: (cloud) => pry(cloud, 'first'),
      });
    });
    afterAll(async () => {
      await (world ? world.close() : m0?.kill());
    });

    async function pry(cloud: SandboxCloud, version: string): Promise<void> {
      const files = pryFiles(join(cloud.repos.infra, '../../state'), version);
      await commitAs(cloud.repos.infra, process.env, {
        author: KIM,
        at: Date.now(),
        message: `Pry: ${version}`,
        files,
      });
    }

    /** Applies the stack that pries, and resolves with what its code found. */
    async function found(version: string): Promise<readonly string[]> {
      const asked = await newest('pry', 'awaiting_approval');
      await world.approve(DANA, asked.id);
      await world.until(asked.id, 'realigned');
      return (await readFile(join(stateDir(), `found-${version}`), 'utf8')).trim().split('\n');
    }

    /** A change by hand is found, and reverted after an approval. */
    async function reverts(): Promise<void> {
      await world.cloud.console.run('open-ssh');
      const run = await world.check();
      expect(run).toMatchObject({ stack: 'prod-network', state: 'awaiting_approval' });
      await world.card(`run #${run.id}`, 'terraform_data.web');
      await world.approve(DANA, run.id);
      await world.until(run.id, 'realigned');
      expect(await world.fact('lets in')).not.toContain('22');
    }

    /** Processes that have ended and belong to process 1, which must take them in: Git leaves some behind. */
    async function leftBehind(): Promise<readonly string[]> {
      const { output } = await m0.container.exec('sh', '-c', 'cat /proc/[0-9]*/stat 2>/dev/null');
      return output.split('\n').filter((line) => / Z 1 /.test(line));
    }

    async function isWell(): Promise<void> {
      expect(await m0.container.health()).toBe(0);
      expect((await fetch(`${m0.url}/healthz`)).status).toBe(200);
      const ready = await fetch(`${m0.url}/readyz`);
      expect(await ready.json()).toMatchObject({ ok: true, problems: [] });
      expect(ready.status).toBe(200);
      await expect.poll(leftBehind).toEqual([]);
    }

    const OWN_USER = expect.stringMatching(/^user 58\d\d\d$/);

    it('as root, with the rights that Docker gives: each stack has a user of its own', async () => {
      await isWell();
      const doctor = await m0.container.exec('node', 'src/main.ts', 'doctor');
      expect(doctor.output).not.toMatch(/ (MISSING|warning) /);
      expect(doctor.code).toBe(0);
      const [user = '', ...more] = (await found('first')).toReversed();
      expect(more).toEqual([]);
      expect(Number(user.replace('user ', ''))).toBeGreaterThanOrEqual(FROM);
      expect(Number(user.replace('user ', ''))).toBeLessThanOrEqual(TO);
      await reverts();
      await isWell();
      expect(m0.container.output()).not.toContain("stacks run as m0's own user");
    });

    it('ends on SIGTERM as process 1, with exit code 0, sooner than Docker would end it by force', async () => {
      m0.options = { ...CLOSED, capabilities: SIX };
      await world.restart(() => pry(world.cloud, 'closed'));
      expect(m0.stopped).toEqual([{ code: 0, ms: expect.any(Number) }]);
      expect(m0.stopped[0]?.ms).toBeLessThan(GRACE_MS);
    });

    it('as root with six rights, a read-only root and no new privileges, as in the chart', async () => {
      await isWell();
      const { output } = await m0.container.exec(
        'sh',
        '-c',
        'touch /app/a /etc/a /data/a /tmp/a; cat /proc/1/status',
      );
      expect(output).toMatch(
        /'\/app\/a': Read-only file system\n.*'\/etc\/a': Read-only file system\n(?!touch)/,
      );
      expect(output).toMatch(/^NoNewPrivs:\t1$/m);
      await world.type(DANA, 'drift pry');
      expect(await found('closed')).toEqual([OWN_USER]);
      await reverts();
      await isWell();
    });

    it('without root: it works, and says that stacks can read its tokens and the files of others, which they can', async () => {
      m0.options = { ...CLOSED, uid: 1000, capabilities: [] };
      await world.restart(async () => {
        await pry(world.cloud, 'user');
        await execa('chown', ['-R', '1000:1000', join(world.dir, 'data'), join(world.dir, 'sandbox')]);
      });
      expect(m0.container.output()).toContain("stacks run as m0's own user");
      expect((await m0.container.exec('id', '-un')).output).toBe('m0\n');
      const doctor = await m0.container.exec('node', 'src/main.ts', 'doctor');
      expect(doctor.output).toMatch(/stacks' users +warning +m0's own, because m0 does not run as root/);
      await isWell();
      await world.type(DANA, 'drift pry');
      const seen = await found('user');
      expect(seen).toEqual(expect.arrayContaining(['user 1000', 'reads the token', 'reads /data/m0.db']));
      expect(seen).not.toContain('writes into m0');
      await reverts();
      await isWell();
    });

    it('ended each time in time, and logged no token', async () => {
      await world.restart();
      expect(m0.stopped.map(({ code }) => code)).toEqual([0, 0, 0]);
      for (const { ms } of m0.stopped) expect(ms).toBeLessThan(GRACE_MS);
      for (const token of [SECRETS.botToken, SECRETS.appToken])
        expect(m0.container.output()).not.toContain(token);
    });
  });
});

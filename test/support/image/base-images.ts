/**
 * What stands in for the images that the Dockerfile starts from: a Debian of the same release by debootstrap, and the
 * programs of this machine where they have exactly the wanted version.
 */
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { execa } from 'execa';
import { toolsFolder } from '../../../src/setup/tools.ts';
import { testTools, toolsWithTofu } from '../cloud.ts';

const ROOT = resolve(import.meta.dirname, '../../..');
const CACHE = join(toolsFolder(resolve(ROOT, process.env.M0_DATA_DIR ?? '.m0')), 'image');

/** Why no image can be made here; null: it can. */
export async function imageMissing(): Promise<string | null> {
  if (process.platform !== 'linux') return 'it needs Linux';
  if (process.getuid?.() !== 0) return 'it needs root';
  const found = await execa('debootstrap', ['--version'], { reject: false });
  if (found.failed) return 'debootstrap is not installed: apt-get install debootstrap';
  const probe =
    'mount -t tmpfs tmpfs /mnt && cd /mnt && mkdir a b c d && mount -t overlay -o lowerdir=a,upperdir=b,workdir=c o d';
  const flags = ['--mount', '--pid', '--fork', '--propagation=private'];
  const made = await execa('unshare', [...flags, 'sh', '-c', probe], { reject: false });
  return made.failed ? `this machine allows no mounts in a name space of one's own: ${made.stderr}` : null;
}

/** What debian:SUITE-slim leaves out of a Debian. */
const LEFT_OUT = ['doc', 'info', 'linda', 'lintian', 'locale', 'man'].map((name) => `/usr/share/${name}`);
const KEPT = ['/usr/share/doc/*/copyright', '/usr/share/locale/locale.alias'];

const sources = (suite: string): string => `Types: deb
URIs: http://deb.debian.org/debian
Suites: ${suite} ${suite}-updates
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: http://deb.debian.org/debian-security
Suites: ${suite}-security
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
`;

/** The folder of the cache with this name, filled once and kept. `fill` gets a path at which nothing is yet. */
export async function madeOnce(name: string, fill: (half: string) => Promise<void>): Promise<string> {
  const path = join(CACHE, name);
  if (existsSync(path)) return path;
  mkdirSync(CACHE, { recursive: true });
  const half = `${path}.${process.pid}`;
  try {
    await fill(half);
    // Another test file may have made it meanwhile.
    if (!existsSync(path)) renameSync(half, path);
  } finally {
    rmSync(half, { recursive: true, force: true });
  }
  return path;
}

/** A Debian as in debian:SUITE-slim, made once and kept. Nothing may be written to it. */
export const debian = (suite: string): Promise<string> =>
  madeOnce(`debian-${suite}`, async (half) => {
    // In a name space of its own, because it leaves mounts behind when it is killed.
    const flags = ['--mount', '--propagation=private'];
    await execa('unshare', [...flags, 'debootstrap', '--variant=minbase', suite, half]);
    await slim(half, suite);
  });

/** Takes from a Debian what Docker's slim images lack, and leaves packages that are added later without it as well. */
async function slim(half: string, suite: string): Promise<void> {
  for (const folder of LEFT_OUT) {
    const below = join(half, folder);
    if (!existsSync(below)) continue;
    const kept = KEPT.flatMap((pattern) => ['!', '-path', join(half, pattern)]);
    await execa('find', [below, '!', '-type', 'd', ...kept, '-delete']);
    await execa('find', [below, '-mindepth', '1', '-type', 'd', '-empty', '-delete']);
  }
  for (const folder of ['var/cache/apt', 'var/lib/apt/lists', 'var/log']) {
    rmSync(join(half, folder), { recursive: true });
    mkdirSync(join(half, folder));
  }
  const excluded = LEFT_OUT.map((folder) => `path-exclude ${folder}/*\n`);
  const included = KEPT.map((pattern) => `path-include ${pattern}\n`);
  writeFileSync(join(half, 'etc/dpkg/dpkg.cfg.d/docker'), [...excluded, ...included].join(''));
  rmSync(join(half, 'etc/apt/sources.list'), { force: true });
  writeFileSync(join(half, 'etc/apt/sources.list.d/debian.sources'), sources(suite));
}

/** Puts a program into the folder. Throws where its version is not the wanted one. */
function program(
  into: string,
  at: string,
  { file, version }: { readonly file: string | null | undefined; readonly version: string | undefined },
  wanted: string,
): void {
  if (file === null || file === undefined || version !== wanted) {
    const what = version === undefined ? 'there is none' : `it is ${version}`;
    throw new Error(`${at} of version ${wanted} is wanted by the Dockerfile, and here ${what}`);
  }
  const path = join(into, at);
  mkdirSync(dirname(path), { recursive: true });
  cpSync(realpathSync(file), path);
  chmodSync(path, 0o755);
}

async function versionOf(file: string, pattern: RegExp): Promise<string | undefined> {
  return pattern.exec((await execa(file, ['version'])).stdout)?.[1];
}

async function node(into: string, version: string): Promise<void> {
  const file = join(ROOT, 'node_modules/node/bin/node');
  const { stdout } = await execa(file, ['--version']);
  program(into, 'usr/local/bin/node', { file, version: stdout.replace('v', '') }, version);
  const npm = dirname(dirname(realpathSync((await execa('sh', ['-c', 'command -v npm'])).stdout)));
  cpSync(npm, join(into, 'usr/local/lib/node_modules/npm'), { recursive: true, verbatimSymlinks: true });
  symlinkSync('../lib/node_modules/npm/bin/npm-cli.js', join(into, 'usr/local/bin/npm'));
}

type Fill = (into: string, match: readonly string[]) => Promise<unknown>;
const copyOf = (from: string, into: string) => execa('cp', ['-a', '--reflink=auto', `${from}/.`, into]);

/** By the name of the image: how its folder is filled. */
const IMAGES: readonly (readonly [name: RegExp, fill: Fill])[] = [
  [/^debian:([a-z]+)-slim$/, async (into, [, suite = '']) => copyOf(await debian(suite), into)],
  [
    /^node:(\d+\.\d+\.\d+)-([a-z]+)-slim$/,
    async (into, [, version = '', suite = '']) => {
      await copyOf(await debian(suite), into);
      await node(into, version);
    },
  ],
  [
    /^hashicorp\/terraform:(\d+\.\d+\.\d+)$/,
    async (into, [, version = '']) => {
      const { terraform, versions } = await testTools();
      program(into, 'bin/terraform', { file: terraform, version: versions.terraform }, version);
    },
  ],
  [
    /^ghcr\.io\/opentofu\/opentofu:(\d+\.\d+\.\d+)-minimal$/,
    async (into, [, version = '']) => {
      const { tofu } = await toolsWithTofu();
      program(
        into,
        'usr/local/bin/tofu',
        { file: tofu, version: await versionOf(tofu, /^OpenTofu v(\S+)/m) },
        version,
      );
    },
  ],
  [
    /^openpolicyagent\/opa:(\d+\.\d+\.\d+)-static$/,
    async (into, [, version = '']) => {
      const { opa, versions } = await testTools();
      program(into, 'opa', { file: opa, version: versions.opa }, version);
    },
  ],
];

/** Fills an empty folder with what the image has. Throws for an image that nothing stands in for. */
export async function fillFromImage(name: string, into: string): Promise<void> {
  for (const [pattern, fill] of IMAGES) {
    const match = pattern.exec(name);
    if (match !== null) {
      await fill(into, match);
      return;
    }
  }
  throw new Error(
    `FROM ${name}: nothing stands in for this image in the tests: name it with its exact version`,
  );
}

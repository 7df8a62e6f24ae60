/** Finds folders with Terraform providers on this machine. */
import { readdir, readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';
import type { Env } from './find-executable.ts';
import { goPlatform } from './platform.ts';

/** A folder in the layout of Terraform's filesystem mirrors, and its providers for this platform. */
export interface PluginMirror {
  path: string;
  /** Source addresses with their host, such as `registry.terraform.io/hashicorp/aws`, sorted. */
  providers: string[];
}

/** The file system functions that the search needs. Both reject where the path does not exist. */
export interface MirrorFiles {
  readText(file: string): Promise<string>;
  list(folder: string): Promise<string[]>;
}

const REGISTRIES = ['registry.terraform.io', 'registry.opentofu.org'];

/** Folders for software that is not part of the operating system. */
const SOFTWARE_ROOTS = ['/opt', '/srv', '/usr/local/share', '/usr/local/lib', '/usr/share'];

/** A folder with more entries than this holds data and is not searched. */
const MAX_ENTRIES = 2000;

const onDisk: MirrorFiles = {
  readText: (file) => readFile(file, 'utf8'),
  list: (folder) => readdir(folder),
};

/**
 * Searches for provider mirrors: in `M0_PLUGIN_MIRROR`, else where Terraform itself searches or is configured
 * to, else in folders of additional software, two levels deep. Stops at the first of these that has one. A
 * configured file that does not exist counts as empty. Rejects only where `M0_PLUGIN_MIRROR` has no provider
 * for this platform.
 */
export async function findPluginMirrors(
  env: Env,
  files: MirrorFiles = onDisk,
  platform: string = goPlatform(process.platform, process.arch),
): Promise<PluginMirror[]> {
  if (env.M0_PLUGIN_MIRROR) {
    const [mirror] = await mirrorsAmong([env.M0_PLUGIN_MIRROR], files, platform);
    if (mirror) return [mirror];
    throw new Error(`M0_PLUGIN_MIRROR: ${env.M0_PLUGIN_MIRROR} holds no provider for ${platform}`);
  }
  const known = await mirrorsAmong(await terraformPlaces(env, files), files, platform);
  if (known.length > 0) return known;
  return await mirrorsAmong(await softwareFolders(files), files, platform);
}

/** The user's Terraform CLI configuration file and its text; null where there is none. */
export async function readOwnCliConfig(
  env: Env,
  files: Pick<MirrorFiles, 'readText'> = onDisk,
): Promise<{ path: string; text: string } | null> {
  const home = env.HOME ?? homedir();
  const places = [env.TF_CLI_CONFIG_FILE, path.join(home, '.terraformrc'), path.join(home, '.tofurc')];
  for (const place of places) {
    if (!place) continue;
    const text = await files.readText(place).catch(() => null);
    if (text !== null) return { path: place, text };
  }
  return null;
}

async function terraformPlaces(env: Env, files: MirrorFiles): Promise<string[]> {
  const home = env.HOME ?? homedir();
  const own = await readOwnCliConfig(env, files);
  const configured = own ? filesystemMirrorPaths(own.text) : [];
  const data = [
    env.XDG_DATA_HOME || path.join(home, '.local/share'),
    ...(env.XDG_DATA_DIRS || '/usr/local/share:/usr/share').split(':'),
  ];
  return [
    ...configured,
    path.join(home, '.terraform.d/plugins'),
    ...data.map((folder) => path.join(folder, 'terraform/plugins')),
    ...(env.TF_PLUGIN_CACHE_DIR ? [env.TF_PLUGIN_CACHE_DIR] : []),
  ];
}

/** The `path` of each `filesystem_mirror` block in a CLI configuration. */
export function filesystemMirrorPaths(config: string): string[] {
  const code = config.replace(/^\s*(#|\/\/).*$/gm, '');
  const blocks = code.matchAll(/filesystem_mirror\s*\{([^}]*)\}/g);
  return [...blocks].flatMap(([, body]) => /\bpath\s*=\s*"([^"]+)"/.exec(body ?? '')?.[1] ?? []);
}

async function softwareFolders(files: MirrorFiles): Promise<string[]> {
  const below = async (folder: string) =>
    (await list(files, folder)).filter((name) => !name.includes('.')).map((name) => path.join(folder, name));
  const first = (await Promise.all(SOFTWARE_ROOTS.map(below))).flat();
  const second = (await Promise.all(first.map(below))).flat();
  return [...SOFTWARE_ROOTS, ...first, ...second];
}

async function list(files: MirrorFiles, folder: string): Promise<string[]> {
  const names = await files.list(folder).catch(() => []);
  return names.length > MAX_ENTRIES ? [] : [...names].sort();
}

async function mirrorsAmong(places: string[], files: MirrorFiles, platform: string): Promise<PluginMirror[]> {
  const unique = [...new Set(places.map((place) => path.resolve(place)))];
  const mirrors = await Promise.all(
    unique.map(async (place) => ({ path: place, providers: await providersIn(place, files, platform) })),
  );
  return mirrors.filter((mirror) => mirror.providers.length > 0);
}

async function providersIn(mirror: string, files: MirrorFiles, platform: string): Promise<string[]> {
  const providers: string[] = [];
  for (const host of REGISTRIES) {
    for (const namespace of await list(files, path.join(mirror, host))) {
      for (const name of await list(files, path.join(mirror, host, namespace))) {
        const folder = path.join(mirror, host, namespace, name);
        if (await hasPlatform(folder, files, platform)) providers.push(`${host}/${namespace}/${name}`);
      }
    }
  }
  return providers.sort();
}

/**
 * Matches the unpacked layout `VERSION/PLATFORM/` and the packed one
 * `terraform-provider-NAME_VERSION_PLATFORM.zip`.
 */
async function hasPlatform(folder: string, files: MirrorFiles, platform: string): Promise<boolean> {
  for (const entry of await list(files, folder)) {
    if (entry.endsWith(`_${platform}.zip`)) return true;
    if ((await list(files, path.join(folder, entry))).includes(platform)) return true;
  }
  return false;
}

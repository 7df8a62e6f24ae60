import { readdir, readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';
import type { Env } from './find-executable.ts';
import { goPlatform } from './platform.ts';

/** A folder laid out as Terraform's filesystem mirrors are, and what it holds for this platform. */
export interface PluginMirror {
  path: string;
  /** Source addresses with their host, as `registry.terraform.io/hashicorp/aws`, sorted. */
  providers: string[];
}

/** As much of a file system as the search needs. Both reject for what is not there. */
export interface MirrorFiles {
  readText(file: string): Promise<string>;
  list(folder: string): Promise<string[]>;
}

const REGISTRIES = ['registry.terraform.io', 'registry.opentofu.org'];

/** Where software that the system's packages did not bring usually lies. */
const ADD_ON_ROOTS = ['/opt', '/srv', '/usr/local/share', '/usr/local/lib', '/usr/share'];

/** A folder with more entries than this is data, not a place where somebody put a mirror. */
const MOST_ENTRIES = 2000;

const onDisk: MirrorFiles = {
  readText: (file) => readFile(file, 'utf8'),
  list: (folder) => readdir(folder),
};

/**
 * Looks for provider mirrors: in `M0_PLUGIN_MIRROR`, else where Terraform itself would look or is told to,
 * else in the folders of add-on software, two levels deep. The first of these that has any ends the search.
 * A configuration file that is named but missing counts as empty.
 * Rejects only when `M0_PLUGIN_MIRROR` holds no provider for this platform.
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
  const known = await mirrorsAmong(await terraformsOwnPlaces(env, files), files, platform);
  if (known.length > 0) return known;
  return await mirrorsAmong(await addOnFolders(files), files, platform);
}

/** Terraform's own CLI configuration file and its text; null where there is none. */
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

async function terraformsOwnPlaces(env: Env, files: MirrorFiles): Promise<string[]> {
  const home = env.HOME ?? homedir();
  const own = await readOwnCliConfig(env, files);
  const told = own ? filesystemMirrorPaths(own.text) : [];
  const data = [
    env.XDG_DATA_HOME || path.join(home, '.local/share'),
    ...(env.XDG_DATA_DIRS || '/usr/local/share:/usr/share').split(':'),
  ];
  return [
    ...told,
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

async function addOnFolders(files: MirrorFiles): Promise<string[]> {
  const below = async (folder: string) =>
    (await list(files, folder)).filter((name) => !name.includes('.')).map((name) => path.join(folder, name));
  const first = (await Promise.all(ADD_ON_ROOTS.map(below))).flat();
  const second = (await Promise.all(first.map(below))).flat();
  return [...ADD_ON_ROOTS, ...first, ...second];
}

async function list(files: MirrorFiles, folder: string): Promise<string[]> {
  const names = await files.list(folder).catch(() => []);
  return names.length > MOST_ENTRIES ? [] : [...names].sort();
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

/** Unpacked as `VERSION/PLATFORM/`, packed as `terraform-provider-NAME_VERSION_PLATFORM.zip`. */
async function hasPlatform(folder: string, files: MirrorFiles, platform: string): Promise<boolean> {
  for (const entry of await list(files, folder)) {
    if (entry.endsWith(`_${platform}.zip`)) return true;
    if ((await list(files, path.join(folder, entry))).includes(platform)) return true;
  }
  return false;
}

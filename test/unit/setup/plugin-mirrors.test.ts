import { describe, expect, it } from 'vitest';
import {
  filesystemMirrorPaths,
  findPluginMirrors,
  type MirrorFiles,
} from '../../../src/setup/plugin-mirrors.ts';

const AWS = 'registry.terraform.io/hashicorp/aws';

/** A file system made of full paths; a path that ends in `/` is an empty folder. */
function disk(paths: Record<string, string>): MirrorFiles {
  return {
    async readText(file) {
      const text = paths[file];
      if (text === undefined) throw new Error(`ENOENT: ${file}`);
      return text;
    },
    async list(folder) {
      const inside = Object.keys(paths).filter((path) => path.startsWith(`${folder}/`));
      if (inside.length === 0) throw new Error(`ENOENT: ${folder}`);
      return [...new Set(inside.map((path) => path.slice(folder.length + 1).split('/')[0] ?? ''))];
    },
  };
}

const find = (env: Record<string, string>, paths: Record<string, string>) =>
  findPluginMirrors({ HOME: '/home/dana', ...env }, disk(paths), 'linux_amd64');

describe('findPluginMirrors', () => {
  it('finds an unpacked mirror in a folder of /opt', async () => {
    const found = await find({}, { [`/opt/mirror/${AWS}/5.100.0/linux_amd64/`]: '' });
    expect(found).toEqual([{ path: '/opt/mirror', providers: [AWS] }]);
  });

  it('finds a packed mirror two folders below /srv', async () => {
    const zip = 'terraform-provider-aws_5.100.0_linux_amd64.zip';
    const found = await find({}, { [`/srv/a/b/${AWS}/${zip}`]: '' });
    expect(found).toEqual([{ path: '/srv/a/b', providers: [AWS] }]);
  });

  it('does not search deeper', async () => {
    expect(await find({}, { [`/srv/a/b/c/${AWS}/5.100.0/linux_amd64/`]: '' })).toEqual([]);
  });

  it('leaves out providers that are there for other platforms only', async () => {
    expect(await find({}, { [`/opt/mirror/${AWS}/5.100.0/darwin_arm64/`]: '' })).toEqual([]);
  });

  it('takes M0_PLUGIN_MIRROR alone where it is set', async () => {
    const found = await find(
      { M0_PLUGIN_MIRROR: '/mine' },
      {
        [`/mine/${AWS}/5.100.0/linux_amd64/`]: '',
        [`/opt/mirror/${AWS}/5.100.0/linux_amd64/`]: '',
      },
    );
    expect(found.map((mirror) => mirror.path)).toEqual(['/mine']);
  });

  it('refuses an M0_PLUGIN_MIRROR that holds nothing, and names it', async () => {
    await expect(find({ M0_PLUGIN_MIRROR: '/mine' }, {})).rejects.toThrow('M0_PLUGIN_MIRROR: /mine');
  });

  it('follows the mirrors of the CLI configuration, and searches no further', async () => {
    const found = await find(
      { TF_CLI_CONFIG_FILE: '/etc/tf.rc' },
      {
        '/etc/tf.rc': 'provider_installation {\n filesystem_mirror {\n path = "/data/mirror"\n }\n}',
        [`/data/mirror/${AWS}/5.100.0/linux_amd64/`]: '',
        [`/opt/mirror/${AWS}/5.100.0/linux_amd64/`]: '',
      },
    );
    expect(found.map((mirror) => mirror.path)).toEqual(['/data/mirror']);
  });

  it('treats a CLI configuration that is named but missing as empty', async () => {
    const found = await find(
      { TF_CLI_CONFIG_FILE: '/gone.rc' },
      { [`/opt/mirror/${AWS}/5.100.0/linux_amd64/`]: '' },
    );
    expect(found.map((mirror) => mirror.path)).toEqual(['/opt/mirror']);
  });

  it.each([
    ['~/.terraform.d/plugins', {}, '/home/dana/.terraform.d/plugins'],
    ['XDG_DATA_HOME', { XDG_DATA_HOME: '/xdg' }, '/xdg/terraform/plugins'],
    ['/usr/share/terraform/plugins', {}, '/usr/share/terraform/plugins'],
    ['TF_PLUGIN_CACHE_DIR', { TF_PLUGIN_CACHE_DIR: '/cache' }, '/cache'],
  ])('looks in %s', async (_name, env, path) => {
    const found = await find(env, { [`${path}/${AWS}/5.100.0/linux_amd64/`]: '' });
    expect(found).toEqual([{ path, providers: [AWS] }]);
  });
});

describe('filesystemMirrorPaths', () => {
  it('reads every block and leaves comments out', () => {
    const config = `
      # filesystem_mirror { path = "/commented" }
      provider_installation {
        filesystem_mirror {
          path    = "/one"
          include = ["*/*/*"]
        }
        filesystem_mirror { path = "/two" }
      }`;
    expect(filesystemMirrorPaths(config)).toEqual(['/one', '/two']);
  });
});

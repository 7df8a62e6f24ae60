import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { writeTerraformCliConfig } from '../../../src/setup/terraform-cli-config.ts';

const AWS = 'registry.terraform.io/hashicorp/aws';
const RANDOM = 'registry.terraform.io/hashicorp/random';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'm0-rc-'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

const written = async (...args: [mirrors: { path: string; providers: string[] }[], own?: string]) =>
  readFile(await writeTerraformCliConfig(dir, ...args), 'utf8');

describe('writeTerraformCliConfig', () => {
  it('takes what mirrors hold from them only, and the rest from its registry', async () => {
    const text = await written([
      { path: '/one', providers: [AWS] },
      { path: '/two', providers: [AWS, RANDOM] },
    ]);
    expect(text).toBe(`disable_checkpoint = true

provider_installation {
  filesystem_mirror {
    path    = "/one"
    include = ["${AWS}"]
  }
  filesystem_mirror {
    path    = "/two"
    include = ["${AWS}","${RANDOM}"]
  }
  direct {
    exclude = ["${AWS}","${RANDOM}"]
  }
}
`);
  });

  it('caches providers where there is no mirror, in a folder that exists', async () => {
    const cache = path.join(dir, 'plugin-cache');
    expect(await written([])).toContain(`plugin_cache_dir = "${cache}"`);
    expect((await stat(cache)).isDirectory()).toBe(true);
  });

  it('keeps the own configuration of the person, sets nothing twice, and hides it from others', async () => {
    const own = 'disable_checkpoint = false\ncredentials "tf.acme.dev" { token = "t" }\n';
    const text = await written([{ path: '/one', providers: [AWS] }], own);
    expect(text.startsWith(own)).toBe(true);
    expect(text.match(/disable_checkpoint/g)).toHaveLength(1);
    expect((await stat(path.join(dir, 'terraform.rc'))).mode & 0o077).toBe(0);
  });
});

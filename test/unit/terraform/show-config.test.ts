import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { showConfig } from '../../../src/terraform/show-config.ts';

const AWS = 'registry.terraform.io/hashicorp/aws';
let dir: string;
let place: { cwd: string; dataDir: string; cliConfig: string };

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'm0-show-'));
  place = { cwd: dir, dataDir: join(dir, 'data'), cliConfig: join(dir, 'usual.tfrc') };
  for (const version of ['5.99.0', '5.100.0']) {
    mkdirSync(join(place.dataDir, 'providers', AWS, version, 'linux_amd64'), { recursive: true });
  }
  writeFileSync(place.cliConfig, 'disable_checkpoint = true\n');
  const lock = `# Kept by init.\nprovider "${AWS}" {\n  version     = "5.100.0"\n  constraints = "~> 5.0"\n}\n`;
  writeFileSync(join(dir, '.terraform.lock.hcl'), lock);
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

it('names the providers of the lock file, in that version, as they lie', async () => {
  const installed = join(place.dataDir, 'providers', AWS, '5.100.0', 'linux_amd64');
  expect(await showConfig(place)).toContain(`dev_overrides {\n    "${AWS}" = "${installed}"\n  }`);
});

it('leaves it as usual where somebody works on a provider, or nothing is known for certain', async () => {
  const working = join(dir, 'working.tfrc');
  writeFileSync(working, 'provider_installation {\n  dev_overrides {}\n}\n');
  expect(await showConfig({ ...place, cliConfig: working })).toBeNull();
  expect(await showConfig({ ...place, cwd: join(dir, 'without-a-lock-file') })).toBeNull();
  expect(await showConfig({ ...place, dataDir: join(dir, 'elsewhere') })).toBeNull();
  mkdirSync(join(place.dataDir, 'providers', AWS, '5.100.0', 'darwin_arm64'));
  expect(await showConfig(place)).toBeNull();
});

import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { resourcePlaces } from '../../../src/terraform/places.ts';

const block = (type: string, name: string): string => `resource "${type}" "${name}" {\n}\n`;

let root: string;
let outside: string;
beforeEach(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'm0-places-')));
  outside = realpathSync(mkdtempSync(join(tmpdir(), 'm0-outside-')));
});
afterEach(() => {
  for (const dir of [root, outside]) rmSync(dir, { recursive: true, force: true });
});

function write(file: string, text: string): void {
  mkdirSync(dirname(join(root, file)), { recursive: true });
  writeFileSync(join(root, file), text);
}

function modules(...calls: readonly (readonly [key: string, source: string, dir: string])[]): void {
  const list = calls.map(([Key, Source, Dir]) => ({ Key, Source, Dir }));
  write('.data/modules/modules.json', JSON.stringify({ Modules: list }));
}

const places = (addresses: readonly string[], tool: 'terraform' | 'tofu' = 'terraform') =>
  resourcePlaces(
    addresses.map((address) => ({ address })),
    { cwd: join(root, 'envs/prod'), root, dataDir: join(root, '.data') },
    tool,
  );

it('finds the block of each resource, of all its instances once, also in modules of the repository', async () => {
  write('envs/prod/main.tf', `# head\n${block('aws_x', 'a')}\n${block('aws_x', 'b')}`);
  write('modules/net/main.tf', `\n\n${block('aws_subnet', 's')}`);
  modules(['', '', '.'], ['net', '../../modules/net', '../../modules/net']);
  expect(
    await places([
      'aws_x.a["x.y"]',
      'aws_x.a["z"]',
      'aws_x.b',
      'module.net["eu"].aws_subnet.s[0]',
      'aws_x.none',
    ]),
  ).toEqual({
    'aws_x.a': { file: 'envs/prod/main.tf', line: 2 },
    'aws_x.b': { file: 'envs/prod/main.tf', line: 5 },
    'module.net.aws_subnet.s': { file: 'modules/net/main.tf', line: 3 },
  });
});

it('leaves out modules from elsewhere, and directories outside of the checkout', async () => {
  write('envs/prod/main.tf', block('aws_x', 'a'));
  writeFileSync(join(outside, 'main.tf'), block('aws_x', 'a'));
  symlinkSync(outside, join(root, 'link'));
  modules(
    ['reg', 'registry.terraform.io/a/b/c', '../../.data/modules/reg'],
    ['out', '../../link', '../../link'],
  );
  write('.data/modules/reg/main.tf', block('aws_x', 'a'));
  expect(await places(['module.reg.aws_x.a', 'module.out.aws_x.a'])).toEqual({});
});

it('leaves out what it does not understand, and never rejects', async () => {
  write('envs/prod/broken.tf', 'resource "aws_x" "a" {');
  expect(await places(['aws_x.a'])).toEqual({});
  rmSync(join(root, 'envs'), { recursive: true });
  expect(await places(['aws_x.a', '', 'module.x', '...'])).toEqual({});
});

it('takes the file that OpenTofu takes, and no override', async () => {
  write('envs/prod/main.tf', block('aws_x', 'a'));
  write('envs/prod/main.tofu', `\n${block('aws_x', 'a')}`);
  write('envs/prod/a_override.tf', block('aws_x', 'a'));
  expect(await places(['aws_x.a'], 'tofu')).toEqual({ 'aws_x.a': { file: 'envs/prod/main.tofu', line: 2 } });
  expect(await places(['aws_x.a'])).toEqual({ 'aws_x.a': { file: 'envs/prod/main.tf', line: 1 } });
});

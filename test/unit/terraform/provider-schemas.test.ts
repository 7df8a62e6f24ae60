import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createLogger } from '../../../src/base/log.ts';
import type { Json } from '../../../src/drift/finding.ts';
import { writeDigest } from '../../../src/drift/schema-digest.ts';
import { RunnerError } from '../../../src/ports/runner-error.ts';
import { createProviderSchemas, type SchemaPlace } from '../../../src/terraform/provider-schemas.ts';
import { AWS, schemaDocument, TEXT } from '../../support/schema.ts';

const RANDOM = 'registry.terraform.io/hashicorp/random';
const signal = new AbortController().signal;
let dir: string;
let now: number;
let lines: Record<string, unknown>[];
let calls: string[];
let environments: Readonly<Record<string, string>>[];

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'm0-schemas-'));
  [now, lines, calls, environments] = [0, [], [], []];
  writeFileSync(join(dir, 'usual.tfrc'), 'disable_checkpoint = true\n');
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const kept = (): string[] => readdirSync(join(dir, 'schemas'));
const warnings = (): unknown[] => lines.filter((line) => Number(line.level) >= 40);

function schemas() {
  const log = createLogger('info', { write: (line: string) => void lines.push(JSON.parse(line)) });
  const cliConfig = join(dir, 'usual.tfrc');
  return createProviderSchemas({ dir: join(dir, 'schemas'), cliConfig, log, steady: () => now });
}

/** A stack that has run `init` with these providers. */
function stack(name: string, lock: Readonly<Record<string, string | null>>): SchemaPlace {
  const cwd = join(dir, name);
  const blocks = Object.entries(lock).map(([source, hash]) => {
    mkdirSync(join(cwd, 'terraform/providers', source, '1.2.3/linux_amd64'), { recursive: true });
    const hashes = hash === null ? '' : `  hashes = [\n    "${hash}",\n  ]\n`;
    return `provider "${source}" {\n  version     = "1.2.3"\n  constraints = "~> 1.0"\n${hashes}}\n`;
  });
  mkdirSync(cwd, { recursive: true });
  writeFileSync(join(cwd, '.terraform.lock.hcl'), blocks.join('\n'));
  const scratch = join(dir, 'scratch');
  return {
    cwd,
    dataDir: join(cwd, 'terraform'),
    user: null,
    async within(work) {
      mkdirSync(scratch, { recursive: true });
      try {
        return await work(scratch);
      } finally {
        rmSync(scratch, { recursive: true });
      }
    },
  };
}

type Tool = Parameters<ReturnType<typeof createProviderSchemas>['of']>[1];

/** A tool that answers about the provider that it is asked about. */
function tool(answer?: (source: string) => Json | Promise<Json>): Tool {
  return {
    async run(phase, args, { change = {} }) {
      expect(phase).toBe('schema');
      const [at = '', ...command] = args;
      expect(command.join(' ')).toBe('providers schema -json');
      const code = JSON.parse(readFileSync(join(at.replace('-chdir=', ''), 'main.tf.json'), 'utf8'));
      const source: string = code.terraform.required_providers.provider.source;
      calls.push(source);
      environments.push(change);
      expect(readFileSync(change.TF_CLI_CONFIG_FILE ?? '', 'utf8')).toContain(`"${source}" = "`);
      const type = source === AWS ? 'aws_thing' : 'random_id';
      const document = answer?.(source) ?? schemaDocument({ [type]: { attributes: { a: TEXT } } }, source);
      return Buffer.from(JSON.stringify(await document));
    },
  };
}

it('asks each provider once, keeps a digest, and a later process reads it', async () => {
  const first = schemas();
  const one = stack('one', { [AWS]: 'h1:aws', [RANDOM]: 'h1:random' });
  const schema = await first.of(one, tool(), signal);
  expect(schema?.at('aws_thing', ['a'])?.settable).toBe(true);
  expect(schema?.at('random_id', ['a'])?.settable).toBe(true);
  expect(calls).toEqual([AWS, RANDOM]);
  expect(environments[0]?.TF_WORKSPACE).toBe('default');
  await first.of(one, tool(), signal);
  await first.of(stack('two', { [AWS]: 'h1:aws' }), tool(), signal);
  const later = await schemas().of(one, tool(), signal);
  expect(later?.at('random_id', ['a'])?.settable).toBe(true);
  expect(calls).toHaveLength(2);
  expect(kept()).toHaveLength(2);
  expect(statSync(join(dir, 'schemas')).mode & 0o777).toBe(0o700);
  expect(statSync(join(dir, 'schemas', kept()[0] ?? '')).mode & 0o777).toBe(0o600);
  expect(lines).toEqual([]);
});

it('asks once for two stacks at the same time', async () => {
  const both = schemas();
  const places = ['one', 'two'].map((name) => stack(name, { [AWS]: 'h1:aws' }));
  const answers = await Promise.all(places.map((place) => both.of(place, tool(), signal)));
  expect(answers.map((schema) => schema?.at('aws_thing', ['a'])?.settable)).toEqual([true, true]);
  expect(calls).toEqual([AWS]);
});

it('asks again for another checksum, and for stacks with users of their own', async () => {
  const all = schemas();
  await all.of(stack('one', { [AWS]: 'h1:aws' }), tool(), signal);
  await all.of(stack('two', { [AWS]: 'h1:other' }), tool(), signal);
  expect(calls).toHaveLength(2);
  // The test's own user, because only root may give files to another one.
  const user = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
  for (const _ of [1, 2]) await all.of({ ...stack('three', { [AWS]: 'h1:aws' }), user }, tool(), signal);
  expect(calls).toHaveLength(3);
  expect(kept()).toHaveLength(3);
});

it('goes without a provider that cannot be asked, says so once, and asks again after an hour', async () => {
  const all = schemas();
  const place = stack('one', { [AWS]: 'h1:aws', [RANDOM]: 'h1:random' });
  const failing = tool((source) => {
    if (source === AWS) throw new RunnerError('schema', 'running terraform schema: no memory');
    return schemaDocument({ random_id: { attributes: { a: TEXT } } }, source);
  });
  for (const _ of [1, 2, 3]) {
    const schema = await all.of(place, failing, signal);
    expect(schema?.at('aws_thing', ['a'])).toBeUndefined();
    expect(schema?.at('random_id', ['a'])?.settable).toBe(true);
  }
  expect(calls).toEqual([AWS, RANDOM]);
  expect(warnings()).toEqual([
    expect.objectContaining({ provider: AWS, why: 'running terraform schema: no memory' }),
  ]);
  now += 61 * 60_000;
  expect((await all.of(place, tool(), signal))?.at('aws_thing', ['a'])?.settable).toBe(true);
});

it.each([
  ['no JSON', 'x'],
  ['of another provider', schemaDocument({}, RANDOM)],
])('goes without a provider whose answer is %s', async (_, answer) => {
  expect(
    await schemas().of(
      stack('one', { [AWS]: 'h1:aws' }),
      tool(() => answer),
      signal,
    ),
  ).toBeUndefined();
  expect(warnings()).toHaveLength(1);
  expect(readdirSync(dir)).not.toContain('schemas');
});

it('makes a damaged digest anew', async () => {
  const place = stack('one', { [AWS]: 'h1:aws' });
  await schemas().of(place, tool(), signal);
  const file = join(dir, 'schemas', kept()[0] ?? '');
  const whole = readFileSync(file);
  const other = gzipSync(writeDigest({ provider: RANDOM, resources: {} }));
  for (const damaged of [whole.subarray(0, whole.length - 9), Buffer.from('{}'), Buffer.alloc(0), other]) {
    writeFileSync(file, damaged);
    expect((await schemas().of(place, tool(), signal))?.at('aws_thing', ['a'])?.settable).toBe(true);
    expect(readFileSync(file).equals(whole)).toBe(true);
  }
  expect(calls).toHaveLength(5);
  expect(warnings()).toHaveLength(4);
  expect(kept()).toHaveLength(1);
});

it('uses a digest that it cannot store', async () => {
  writeFileSync(join(dir, 'schemas'), 'in the way');
  const all = schemas();
  const place = stack('one', { [AWS]: 'h1:aws' });
  expect((await all.of(place, tool(), signal))?.at('aws_thing', ['a'])?.settable).toBe(true);
  await all.of(place, tool(), signal);
  expect(calls).toEqual([AWS]);
  expect(warnings().length).toBeGreaterThan(0);
});

it('asks nobody without a lock file or a checksum, or while a provider is developed', async () => {
  const all = schemas();
  expect(await all.of(stack('none', {}), tool(), signal)).toBeUndefined();
  expect(await all.of(stack('no-hash', { [AWS]: null }), tool(), signal)).toBeUndefined();
  writeFileSync(join(dir, 'usual.tfrc'), 'provider_installation {\n  dev_overrides {}\n}\n');
  for (const _ of [1, 2])
    expect(await all.of(stack('developed', { [AWS]: 'h1:aws' }), tool(), signal)).toBeUndefined();
  expect(calls).toEqual([]);
  expect(lines).toHaveLength(1);
});

it('stops when it is asked to', async () => {
  const stop = new AbortController();
  const stopped = tool(() => {
    stop.abort();
    throw new RunnerError('schema', 'it was stopped', { stopped: 'aborted' });
  });
  const all = schemas();
  await expect(all.of(stack('one', { [AWS]: 'h1:aws' }), stopped, stop.signal)).rejects.toThrow('stopped');
  expect(await all.of(stack('one', { [AWS]: 'h1:aws' }), tool(), signal)).toBeDefined();
});

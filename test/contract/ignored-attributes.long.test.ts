/** Ignored attributes of resources that drift in other ways too, with real Terraform. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Finding } from '../../src/drift/finding.ts';
import type { Stack } from '../../src/model/directory.ts';
import type { CodePort, PlanResult, Runner } from '../../src/ports/runner.ts';
import { OVERRIDE_FILE } from '../../src/terraform/ignore-override.ts';
import { testTools } from '../support/cloud.ts';
import { stack as anyStack } from '../support/directory.ts';
import { runnerIn } from '../support/runner.ts';
import { makeRepo, recordingTool } from '../support/terraform-repo.ts';

const signal = new AbortController().signal;
const whole = { only: null, signal };
const REASON = 'autoscaler';

type Values = Record<string, string | number>;

/** A resource whose `input` is what the code sets. */
const group = (name: string, values: string, more = ''): string =>
  `resource "terraform_data" "${name}" {\n  input = { ${values} }\n${more}}\n`;
const GROUP = group('web', 'size = 5, owner = "platform"');

describe('an ignored attribute of a resource that drifts in another way too', () => {
  const dir = mkdtempSync(join(tmpdir(), 'm0-ignored-'));
  const dataDir = join(dir, 'data');
  let runner: Runner & CodePort;
  let recorded: ReturnType<typeof recordingTool>;

  beforeAll(async () => {
    const tools = await testTools();
    recorded = recordingTool(join(dir, 'bin'), tools.terraform ?? '');
    runner = runnerIn(dataDir, {
      terraform: recorded.path,
      tofu: null,
      cliConfig: tools.terraformCliConfig,
    });
  });
  afterAll(() => rmSync(dir, { recursive: true, force: true }));

  const stateFile = (stack: Stack): string => join(dir, `${stack.name}.tfstate`);

  /** A stack that has been applied. `ignore`: rules, all with the same reason. */
  async function appliedStack(
    name: string,
    files: Record<string, string>,
    ignore: readonly string[],
  ): Promise<Stack> {
    const backend = `terraform {\n  backend "local" {\n    path = "${join(dir, `${name}.tfstate`)}"\n  }\n}\n`;
    const repository = makeRepo(join(dir, 'repos', name), { 'a/backend.tf': backend, ...files });
    const stack = anyStack({
      ...{ name, source: { git: repository, ref: 'main', path: 'a' }, channels: [] },
      ignore: ignore.map((match) => ({ match, reason: REASON })),
    });
    const { plan } = await runner.plan(stack, whole);
    await runner.apply(stack, plan, signal);
    return stack;
  }

  interface StateResource {
    module?: string;
    name: string;
    instances: {
      index_key?: string | number;
      attributes: Record<'input' | 'output', { value: Values; type: unknown }>;
    }[];
  }
  const stateOf = (stack: Stack): { serial: number; resources: StateResource[] } =>
    JSON.parse(readFileSync(stateFile(stack), 'utf8')) as { serial: number; resources: StateResource[] };

  /** Changes the recorded values, as if a colleague had applied other code. */
  function change(stack: Stack, values: Values, which: (at: string) => boolean = () => true): void {
    const state = stateOf(stack);
    for (const resource of state.resources) {
      for (const instance of resource.instances) {
        if (!which(`${resource.module ?? ''} ${resource.name} ${instance.index_key ?? ''}`)) continue;
        for (const key of ['input', 'output'] as const) Object.assign(instance.attributes[key].value, values);
      }
    }
    writeFileSync(stateFile(stack), JSON.stringify({ ...state, serial: state.serial + 1 }));
  }
  const valuesOf = (stack: Stack): unknown[] =>
    stateOf(stack).resources.flatMap((r) => r.instances.map((i) => i.attributes.input.value));

  /** Plans, applies, and resolves to the only finding of the plan. */
  async function realign(stack: Stack): Promise<Finding> {
    const result = await runner.plan(stack, whole);
    await runner.apply(stack, result.plan, signal);
    expect(result.analysis.findings).toHaveLength(1);
    return result.analysis.findings[0] as Finding;
  }
  const bySize = (finding: Finding): unknown => ({
    leaves: finding.leavesIgnored?.map(({ path, reason, actual, desired }) => [
      path,
      reason,
      actual,
      desired,
    ]),
    reverts: finding.revertsIgnored?.map(({ path, reason, actual, desired }) => [
      path,
      reason,
      actual,
      desired,
    ]),
  });
  const LEFT = { leaves: [['input.size', REASON, 40, 5]], reverts: undefined };
  const REVERTED = { leaves: undefined, reverts: [['input.size', REASON, 40, 5]] };
  const paths = ({ analysis }: PlanResult): unknown =>
    analysis.findings.map((f) => [f.address, f.actionable, f.attributes.map((a) => a.path)]);
  /** All generated files that exist. */
  const leftovers = (): string[] =>
    readdirSync(dataDir, { recursive: true, encoding: 'utf8' }).filter((path) =>
      path.endsWith(OVERRIDE_FILE),
    );

  it('stays as it is while the rest goes back, and is told', async () => {
    const stack = await appliedStack('kept', { 'a/main.tf': GROUP }, ['terraform_data.*.input.size']);
    change(stack, { size: 40, owner: 'ops' });

    const drifted = await runner.plan(stack, whole);
    expect(paths(drifted)).toEqual([['terraform_data.web', true, ['input.owner']]]);
    expect(bySize(await realign(stack))).toEqual(LEFT);
    expect(valuesOf(stack)).toEqual([{ size: 40, owner: 'platform' }]);
    expect(leftovers()).toEqual([]);

    const after = await runner.plan(stack, whole);
    expect(after.analysis.findings).toMatchObject([{ actionable: false, ignored: REASON }]);
    expect(after.analysis.counts).toMatchObject({ findings: 1, update: 0, ignored: 1 });
  });

  it('is no part of the fingerprint, so that an approval holds while it moves', async () => {
    const stack = await appliedStack('steady', { 'a/main.tf': GROUP }, ['terraform_data.web.input.size']);
    change(stack, { size: 40, owner: 'ops' });
    const before = await runner.plan(stack, whole);
    change(stack, { size: 41 });
    const targeted = await runner.plan(stack, { only: ['terraform_data.web'], signal });
    const prints = [before, targeted].map(({ analysis }) => analysis.findings.map((f) => f.fingerprint));
    expect(prints[0]).toEqual(prints[1]);
  });

  it('costs no second plan where nothing else drifts', async () => {
    const stack = await appliedStack('alone', { 'a/main.tf': GROUP }, ['terraform_data.web.input.size']);
    change(stack, { size: 40 });
    const before = recorded.calls().length;
    const { analysis } = await runner.plan(stack, whole);
    expect(recorded.calls().slice(before)).toEqual(['plan', 'show']);
    expect(analysis.findings).toMatchObject([{ actionable: false, ignored: REASON }]);
  });

  it('of another resource stays too, and both are told', async () => {
    const files = { 'a/main.tf': GROUP + group('api', 'size = 5, owner = "platform"') };
    const stack = await appliedStack('two', files, ['terraform_data.*.input.size']);
    change(stack, { size: 40, owner: 'ops' }, (at) => at.includes('web'));
    change(stack, { size: 30 }, (at) => at.includes('api'));
    const { analysis, plan } = await runner.plan(stack, whole);
    expect(plan.touches).toEqual(['terraform_data.web']);
    expect(analysis.findings).toMatchObject([
      { address: 'terraform_data.api', actionable: false, action: 'none', ignored: REASON },
      { address: 'terraform_data.web', actionable: true, action: 'update' },
    ]);
  });

  it('keeps what the code itself ignores, and entries of several lines', async () => {
    const lifecycle =
      '  lifecycle {\n    prevent_destroy = true\n    ignore_changes = [\n      # seasonal\n      input.season, ]\n  }\n';
    const files = { 'a/main.tf': group('web', 'size = 5, owner = "platform", season = "none"', lifecycle) };
    const stack = await appliedStack('own', files, ['terraform_data.web.input.size']);
    change(stack, { size: 40, owner: 'ops', season: 'winter' });
    await realign(stack);
    expect(valuesOf(stack)).toEqual([{ size: 40, owner: 'platform', season: 'winter' }]);
  });

  it('keeps an override file of the repository', async () => {
    const override = `resource "terraform_data" "web" {\n  lifecycle {\n    ignore_changes = [input.season]\n  }\n}\n`;
    const files = {
      'a/main.tf': group('web', 'size = 5, owner = "platform", season = "none"'),
      'a/override.tf': override,
    };
    const stack = await appliedStack('override', files, ['terraform_data.web.input.size']);
    change(stack, { size: 40, owner: 'ops', season: 'winter' });
    await realign(stack);
    expect(valuesOf(stack)).toEqual([{ size: 40, owner: 'platform', season: 'winter' }]);
  });

  it('stays in a module of the same repository, for all instances that the rule covers', async () => {
    const files = {
      'a/main.tf': 'module "net" {\n  source = "../net"\n  count = 2\n}\n',
      'net/main.tf': group('web', 'size = 5, owner = "platform"', '  count = 1\n'),
      '.gitignore': '*_override.tf.json\n',
    };
    const stack = await appliedStack('module', files, ['module.net*.terraform_data.web[*].input.size']);
    change(stack, { size: 40, owner: 'ops' }, (at) => at.startsWith('module.net[1]'));
    expect(bySize(await realign(stack))).toEqual(LEFT);
    expect(valuesOf(stack)).toEqual([
      { size: 5, owner: 'platform' },
      { size: 40, owner: 'platform' },
    ]);
  });

  describe('is named before anybody approves, where', () => {
    const drifted = { size: 40, owner: 'ops' };
    it.each<[string, Record<string, string>, string]>([
      [
        'the rule names one instance of several',
        { 'a/main.tf': group('web', 'size = 5, owner = "platform"', '  count = 1\n') },
        'terraform_data.web[0].input.size',
      ],
      [
        'the rule names one of two calls of a module',
        {
          'a/main.tf':
            'module "one" {\n  source = "../net"\n}\nmodule "two" {\n  source = "../net"\n  none = true\n}\n',
          'net/main.tf': `variable "none" {\n  default = false\n}\n${group('web', 'size = 5, owner = "platform"', '  count = var.none ? 0 : 1\n')}`,
        },
        'module.one.terraform_data.web[*].input.size',
      ],
      [
        'an override file of the repository would come last',
        { 'a/main.tf': GROUP, 'a/zzz_override.tf': 'resource "terraform_data" "web" {\n}\n' },
        'terraform_data.web.input.size',
      ],
    ])('%s', async (what, files, match) => {
      const stack = await appliedStack(`reverts-${what.length}`, files, [match]);
      change(stack, drifted);
      const { analysis } = await runner.plan(stack, whole);
      expect(analysis.findings).toMatchObject([{ actionable: true }]);
      expect(bySize(analysis.findings[0] as Finding)).toEqual(REVERTED);
    });

    it('the module is from another repository', async () => {
      const elsewhere = makeRepo(join(dir, 'repos', 'shared'), { 'main.tf': GROUP });
      const files = { 'a/main.tf': `module "net" {\n  source = "git::file://${elsewhere}"\n}\n` };
      const stack = await appliedStack('remote', files, ['module.net.terraform_data.web.input.size']);
      change(stack, drifted);
      const finding = await realign(stack);
      expect(bySize(finding)).toEqual(REVERTED);
      expect(valuesOf(stack)).toEqual([{ size: 5, owner: 'platform' }]);
    });
  });

  it('leaves no file behind, also after a crash with a .gitignore that names it', async () => {
    const files = { 'a/main.tf': GROUP, '.gitignore': '*_override.tf.json\n' };
    const stack = await appliedStack('crash', files, ['terraform_data.web.input.size']);
    const tree = join(dataDir, 'work', 'crash', 'tree', 'a');
    const file = join(tree, OVERRIDE_FILE);
    writeFileSync(file, '{"resource": {"terraform_data": {"gone": {}}}}');
    writeFileSync(join(dataDir, 'work', 'crash', 'generated.json'), JSON.stringify([file]));
    const { analysis } = await runner.plan(stack, whole);
    expect(analysis.findings).toEqual([]);
    expect(existsSync(file)).toBe(false);
    expect(readdirSync(tree, { recursive: true }).filter((name) => name.includes('override'))).toEqual([]);
  });
});

import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLogger } from '../../../src/base/log.ts';
import { analyzePlan } from '../../../src/drift/analyze.ts';
import type { Analysis } from '../../../src/drift/finding.ts';
import { ignoredBy, ignoreFindings } from '../../../src/drift/ignore.ts';
import { RunnerError } from '../../../src/ports/runner-error.ts';
import { createGeneratedFiles } from '../../../src/terraform/generated-files.ts';
import { OVERRIDE_FILE } from '../../../src/terraform/ignore-override.ts';
import { keepIgnored } from '../../../src/terraform/keep-ignored.ts';
import { type Planned, plan } from '../../support/plan.ts';

const rules = [
  { match: 'aws_x.*.s*', reason: 'autoscaler' },
  { match: 'module.net.aws_x.*.size', reason: 'autoscaler' },
];
const ignores = ignoredBy(rules);

interface Made {
  readonly analysis: Analysis;
}
function made(...resources: readonly Planned[]): Made {
  return { analysis: ignoreFindings(analyzePlan(plan(resources), { key: 'k', ignores }), rules) };
}
const resource = (address: string, desired: Record<string, string | number>): Planned => ({
  address,
  recorded: { size: 5, speed: 1, owner: 'a' },
  actual: { size: 40, speed: 9, owner: 'b' },
  desired: { size: 5, speed: 1, owner: 'a', ...desired },
});
const drifted = made(resource('aws_x.a', {}));
const CODE = 'resource "aws_x" "a" {\n}\n';

describe('keeping ignored attributes', () => {
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'm0-keep-'));
    mkdirSync(join(dir, 'tree'));
    writeFileSync(join(dir, 'tree/main.tf'), CODE);
  });
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  /** Each answer gets the text of the override file in `in`, and is a plan or an error. */
  async function keep(
    first: Made,
    answers: readonly ((override: string) => Made | Error)[],
    at = 'tree',
  ): Promise<{ result: Made; calls: number }> {
    const generated = createGeneratedFiles(join(dir, 'generated.json'), null);
    let calls = 0;
    const result = await keepIgnored(first, {
      ...{ stack: 's', tool: 'terraform', ignores, log: createLogger('silent') },
      tree: {
        ...{ cwd: join(dir, 'tree'), root: join(dir, 'tree'), dataDir: dir },
        withFiles: (files, work) => generated.during(files, work),
      },
      again: async () => {
        const answer = answers[calls]?.(readFileSync(join(dir, at, OVERRIDE_FILE), 'utf8'));
        calls += 1;
        if (answer === undefined) throw new Error('planned more often than expected');
        if (answer instanceof Error) throw answer;
        return answer;
      },
    });
    expect(() => readFileSync(join(dir, at, OVERRIDE_FILE))).toThrow('ENOENT');
    return { result, calls };
  }
  const lineOf = (text: string, entry: string): number =>
    text.split('\n').findIndex((line) => line.includes(JSON.stringify(entry))) + 1;
  const reverts = ({ analysis }: Made): unknown =>
    analysis.findings[0]?.revertsIgnored?.map(({ path }) => path) ?? null;

  it('plans once more, with all of them', async () => {
    const { result, calls } = await keep(drifted, [
      (text) => {
        expect(lineOf(text, 'size')).toBeGreaterThan(0);
        expect(lineOf(text, 'speed')).toBeGreaterThan(0);
        return made(resource('aws_x.a', { size: 40, speed: 9 }));
      },
    ]);
    expect([reverts(result), calls]).toEqual([null, 1]);
  });

  it('leaves out what the tool refuses by its line, and tells it', async () => {
    const { result, calls } = await keep(drifted, [
      (text) =>
        new RunnerError(
          'plan',
          `running terraform plan: Cannot index a set value\non ${OVERRIDE_FILE} line ${lineOf(text, 'speed')}, in resource:`,
        ),
      (text) => {
        expect(lineOf(text, 'speed')).toBe(0);
        return made(resource('aws_x.a', { size: 40 }));
      },
    ]);
    expect([reverts(result), calls]).toEqual([['speed'], 2]);
  });

  it('uses the first plan where the tool refuses for another reason', async () => {
    const { result } = await keep(drifted, [() => new RunnerError('plan', 'it is too big with that size')]);
    expect(result).toBe(drifted);
    expect(reverts(result)).toEqual(['size', 'speed']);
  });

  it('uses the first plan where the second one changes the rest otherwise', async () => {
    const nothing = made({
      ...resource('aws_x.a', { size: 40, speed: 9 }),
      desired: { size: 40, speed: 9, owner: 'b' },
    });
    const { result } = await keep(drifted, [() => nothing]);
    expect(result).toBe(drifted);
  });

  it('stops where it is stopped', async () => {
    const stop = new RunnerError('plan', 'it was stopped', { stopped: 'aborted' });
    await expect(keep(drifted, [() => stop])).rejects.toBe(stop);
    const breakage = new Error('the disk is full');
    await expect(keep(drifted, [() => breakage])).rejects.toBe(breakage);
  });

  it('plans no more where nothing ignored would change, or nothing is to be applied', async () => {
    const left = made(resource('aws_x.a', { size: 40, speed: 9 }));
    expect(await keep(left, [])).toEqual({ result: left, calls: 0 });
  });

  it.each<[string, () => void]>([
    [
      'has a file of that name',
      () => writeFileSync(join(dir, 'tree', OVERRIDE_FILE.replace('.json', '')), ''),
    ],
    ['has code that is not understood', () => writeFileSync(join(dir, 'tree', 'b.tf'), '{')],
    ['has no such block', () => writeFileSync(join(dir, 'tree', 'main.tf'), '')],
  ])('plans no more where the module %s', async (_, prepare) => {
    prepare();
    const { result, calls } = await keep(drifted, []);
    expect([reverts(result), calls]).toEqual([['size', 'speed'], 0]);
  });

  it('writes nothing outside of the checkout', async () => {
    mkdirSync(join(dir, 'elsewhere'));
    writeFileSync(join(dir, 'elsewhere/main.tf'), CODE);
    symlinkSync(join(dir, 'elsewhere'), join(dir, 'tree/net'));
    mkdirSync(join(dir, 'modules'));
    const Modules = [{ Key: 'net', Source: './net', Dir: 'net' }];
    writeFileSync(join(dir, 'modules/modules.json'), JSON.stringify({ Modules }));
    const inModule = made(resource('module.net.aws_x.a', {}));
    const { result, calls } = await keep(inModule, []);
    expect(calls).toBe(0);
    expect(reverts(result)).toEqual(['size']);
  });

  it('finds a second call of a module behind a symbolic link', async () => {
    mkdirSync(join(dir, 'tree/shared'));
    writeFileSync(join(dir, 'tree/shared/main.tf'), CODE);
    symlinkSync(join(dir, 'tree/shared'), join(dir, 'tree/other'));
    mkdirSync(join(dir, 'modules'));
    const net = { Key: 'net', Source: './shared', Dir: 'shared' };
    const write = (...Modules: readonly object[]): void =>
      writeFileSync(join(dir, 'modules/modules.json'), JSON.stringify({ Modules }));
    const inModule = made(resource('module.net.aws_x.a', {}));
    write(net);
    const kept = made(resource('module.net.aws_x.a', { size: 40 }));
    expect((await keep(inModule, [() => kept], 'tree/shared')).calls).toBe(1);
    write(net, { Key: 'two', Source: './other', Dir: 'other' });
    const { result, calls } = await keep(inModule, []);
    expect([reverts(result), calls]).toEqual([['size'], 0]);
  });
});

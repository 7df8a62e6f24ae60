/** Plans whose drift or planned changes m0 once hid or invented. Each stands in test/found under the name of its fault. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { explain } from '../../../src/cli/explain.ts';
import { analyzePlan } from '../../../src/drift/analyze.ts';
import { sameChange } from '../../../src/drift/change-hash.ts';
import type { Analysis, Finding } from '../../../src/drift/finding.ts';
import { readPlan } from '../../../src/drift/read-plan.ts';

const FOUND = join(import.meta.dirname, '../../found');

function analysis(name: string): Analysis {
  return analyzePlan(readPlan(readFileSync(join(FOUND, `${name}.json`)), name), { key: 'k' });
}

function only(name: string): Finding {
  const { findings } = analysis(name);
  expect(findings).toHaveLength(1);
  return findings[0] as Finding;
}

async function printed(name: string): Promise<string> {
  return explained([join(FOUND, `${name}.json`)]);
}

/** What `m0 explain` prints with these arguments. `input`: what the standard input holds. */
async function explained(args: readonly string[], input = ''): Promise<string> {
  let out = '';
  await explain(args, {
    out: (text) => {
      out += text;
    },
    err: () => {},
    color: false,
    readFile: (path) => Promise.resolve(readFileSync(path)),
    readStdin: () => Promise.resolve(Buffer.from(input)),
  });
  return out;
}

it('01: the order of a list, changed by hand, is told and due', () => {
  expect(only('explain/01-list-order-by-hand-hidden')).toMatchObject({
    ...{ origin: 'cloud', action: 'update', actionable: true },
    attributes: [{ path: 'thumbprint_list', origin: 'cloud', kind: 'changed', orderOnly: true }],
  });
});

it('02: the order of a list counts beside another change', () => {
  const [with_, without] = [
    only('explain/02-list-order-beside-another-change'),
    only('explain/02b-same-without-reorder'),
  ];
  expect(with_.attributes.map((row) => row.path)).toEqual(['ordered_cache_behavior', 'tags.a']);
  expect(without.attributes.map((row) => row.path)).toEqual(['tags.a']);
  expect(with_.fingerprint).not.toBe(without.fingerprint);
  expect(with_.change).not.toBe(without.change);
});

describe('05: an action that a change invokes', () => {
  const name = 'explain/05-actions-1.14-hidden';
  it('is told in the first line, and is part of the fingerprint and of what an apply does', async () => {
    const told = only(name);
    expect((await printed(name)).split('\n')[0]).toContain('invokes action.aws_ec2_stop_instance.stop');
    const plan = JSON.parse(readFileSync(join(FOUND, `${name}.json`), 'utf8')) as Record<string, unknown>;
    const { action_invocations: invocations, ...quiet } = plan;
    const without = analyzePlan(readPlan(JSON.stringify(quiet), 'p'), { key: 'k' });
    expect(without.findings[0]?.fingerprint).not.toBe(told.fingerprint);
    expect(without.findings[0]?.change).not.toBe(told.change);
    expect(analysis(name).changes).toContainEqual(
      expect.objectContaining({ kind: 'invocation', actions: ['invoke'], triggeredBy: 'aws_instance.web' }),
    );
    const alone = { ...quiet, resource_changes: [], action_invocations: invocations };
    const invoked = analyzePlan(readPlan(JSON.stringify(alone), 'p'), { key: 'k' });
    expect([invoked.invocations?.length, invoked.untold]).toEqual([1, []]);
  });

  it('is told in the first line of a plan that does nothing else, and in the JSON with its trigger', async () => {
    const plan = JSON.parse(readFileSync(join(FOUND, `${name}.json`), 'utf8')) as Record<string, unknown>;
    const alone = JSON.stringify({ ...plan, resource_changes: [], resource_drift: [] });
    const [first] = (await explained(['-'], alone)).split('\n');
    expect(first).toContain('but an apply invokes action.aws_ec2_stop_instance.stop');
    expect(first).not.toContain('Nothing drifted');
    const said: unknown = JSON.parse(await explained(['--json', '-'], alone));
    const invoked = { address: 'action.aws_ec2_stop_instance.stop', triggeredBy: 'aws_instance.web' };
    expect(said).toMatchObject({ invocations: [invoked], changes: [{ kind: 'invocation', ...invoked }] });
  });
});

it.each([
  ['replace_by_triggers', 'its trigger changed'],
  ['replace_because_tainted', 'tainted'],
  ['replace_by_request', 'asked'],
])('13: a replace because of %s names the reason and accuses nobody', async (reason, words) => {
  const name = 'explain/13-replace-without-reason';
  const plan = readFileSync(join(FOUND, `${name}.json`), 'utf8').replace('replace_by_triggers', reason);
  const { findings } = analyzePlan(readPlan(plan, name), { key: 'k' });
  expect(findings[0]).toMatchObject({ action: 'replace', actionReason: reason });
  if (reason === 'replace_by_triggers') {
    const out = await printed(name);
    expect(out).toContain(words);
    expect(out).not.toContain('in the code');
  }
});

it('15: an import is told', async () => {
  expect(only('explain/15-import-not-told')).toMatchObject({ importing: true, actionable: true });
  expect(await printed('explain/15-import-not-told')).toContain('imports it into the state');
});

it('16: deleted by hand and dropped from the code is both', () => {
  expect(only('explain/16-deleted-by-hand-and-dropped-by-code')).toMatchObject({
    ...{ origin: 'both', deletedByHand: true, action: 'none', actionable: false },
  });
});

describe('30 and 31: equal values in another spelling', () => {
  it('are no finding, but something that an apply does', async () => {
    const name = 'explain/30-spelling-only-update-told-as-code';
    const { findings, changes, untold } = analysis(name);
    expect([findings, untold]).toEqual([[], []]);
    expect(changes).toMatchObject([
      { address: 'module.orders.aws_sqs_queue.main', effect: 'spelling', paths: ['redrive_policy'] },
    ]);
    expect(await printed(name)).toContain(
      '1 resource only spelled anew, with equal values: redrive_policy of',
    );
  });

  it('are not told as drift beside other findings', () => {
    const { findings, changes } = analysis('explain/31-spelling-only-update-blocks-applies');
    expect(findings.map((f) => f.address)).not.toContain('module.orders.aws_sqs_queue.main');
    expect(changes.filter((change) => change.effect === 'spelling')).toHaveLength(1);
  });
});

it('32: a targeted plan has the same planned change as the whole one', () => {
  const [whole, targeted] = [
    analysis('explain/32-whole-plan'),
    analysis('explain/32b-same-drift-planned-with-target'),
  ];
  const of = ({ findings }: Analysis): string =>
    findings.find((f) => f.address === 'aws_s3_bucket.assets')?.change ?? '';
  expect(sameChange(of(whole), of(targeted))).toBe(true);
  expect(targeted.changes).toMatchObject([{ address: 'aws_s3_bucket.assets', paths: ['tags.Owner'] }]);
});

describe('what policies see', () => {
  it.each(['', '-real-terraform-moto'])(
    '02%s: what a dynamic block sets is a row, and both moved',
    (kind) => {
      const { findings, untold } = analysis(`policy/02-dynamic-block-unknown-beside-tag-plan${kind}`);
      const lambda = findings.find((f) => f.type === 'aws_lambda_function');
      expect(lambda).toMatchObject({ origin: 'both', actionable: true });
      expect(lambda?.attributes.map((row) => [row.path, row.origin])).toEqual([
        ['environment[0].variables', 'code'],
        ['tags.a', 'cloud'],
      ]);
      expect(untold).toEqual([]);
    },
  );

  it('05: a tag and a label without a value are drift where an apply removes them', () => {
    const { findings } = analysis('policy/05-empty-label-or-tag-unseen-plan');
    expect(findings.map((f) => f.attributes.map((row) => [row.path, row.kind, row.actual]))).toEqual([
      [['tags.Foo', 'added', '']],
      [['labels["cloudidentity.googleapis.com/groups.security"]', 'added', '']],
    ]);
    const real = analysis('policy/05-empty-label-or-tag-unseen-plan-real-terraform-moto');
    expect(real.findings).toMatchObject([{ attributes: [{ path: 'tags.Foo', actual: '' }] }]);
  });
});

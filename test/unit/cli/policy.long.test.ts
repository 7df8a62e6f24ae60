import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { policyCommand } from '../../../src/cli/policy.ts';
import { ALLOW_ALL, OPA, scratch, write } from '../policy/support.ts';

const SHIPPED = fileURLToPath(new URL('../../../policies', import.meta.url));

async function run(
  args: readonly string[],
  files: Readonly<Record<string, string>> = {},
  stdin = '',
): Promise<{ code: number; out: string; err: string }> {
  const dir = await scratch();
  await write(dir, files);
  let out = '';
  let err = '';
  const code = await policyCommand(
    args,
    {
      out: (text) => {
        out += text;
      },
      err: (text) => {
        err += text;
      },
    },
    {
      opa: OPA,
      dataDir: join(dir, '.m0'),
      cwd: dir,
      now: Date.parse('2026-03-02T12:00:00Z'),
      readStdin: () => Promise.resolve(Buffer.from(stdin)),
    },
  );
  return { code, out, err };
}

/** A bucket whose tag was removed by hand, and a security group that was changed, as Terraform's plan lists them. */
const PLAN = JSON.stringify({
  format_version: '1.2',
  terraform_version: '1.11.4',
  resource_drift: [
    entry('aws_s3_bucket', 'update', { tags: { Owner: 'platform' } }, { tags: {} }),
    entry('aws_security_group', 'update', { name: 'web' }, { name: 'hand' }),
  ],
  resource_changes: [
    entry('aws_s3_bucket', 'update', { tags: {} }, { tags: { Owner: 'platform' } }),
    entry('aws_security_group', 'update', { name: 'hand' }, { name: 'web' }),
  ],
  configuration: { root_module: {} },
});

function entry(type: string, action: string, before: unknown, after: unknown): unknown {
  return {
    address: `${type}.it`,
    mode: 'managed',
    type,
    name: 'it',
    provider_name: 'registry.terraform.io/hashicorp/aws',
    change: {
      actions: [action],
      before,
      after,
      after_unknown: {},
      before_sensitive: false,
      after_sensitive: false,
    },
  };
}

describe('policy check', () => {
  it('lists the rules of a policy that compiles', async () => {
    const { code, out } = await run(['check', join(SHIPPED, 'network-human')]);
    expect(code).toBe(0);
    expect(out).toMatch(/compiles as Rego v1\n {2}m0\.pending +network_human\.rego:\d+\n/);
  });

  it('decides a plan and says which rule matched', async () => {
    const { code, out } = await run(['check', join(SHIPPED, 'tags-auto'), '--plan', 'plan.json'], {
      'plan.json': PLAN,
    });
    expect(out).toMatch(/auto +aws_s3_bucket\.it\n +allow: metadata only \(tags_auto\.rego:\d+\)/);
    expect(out).toMatch(/human +aws_security_group\.it\n +silent: /);
    expect(code).toBe(1);
  });

  it('--json has the same content', async () => {
    const { out } = await run(['check', join(SHIPPED, 'network-human'), '--plan', 'plan.json', '--json'], {
      'plan.json': PLAN,
    });
    const said = JSON.parse(out) as { formatVersion: number; messages: unknown[]; findings: unknown[] };
    expect(said.formatVersion).toBe(1);
    expect(said.messages).toEqual([
      {
        rule: 'pending',
        package: 'm0',
        text: 'security group: never reverted without a person',
        address: 'aws_security_group.it',
        at: [expect.stringMatching(/^network_human\.rego:\d+$/)],
      },
    ]);
    expect(said.findings).toHaveLength(2);
  });

  it('accepts env0’s own document, which has no findings', async () => {
    const files = {
      'policy/p.rego':
        'package env0\n\nallow contains "trusted" if input.deployerUser.email == "kim@acme.dev"\n',
      'kim.json': '{"deployerUser": {"email": "kim@acme.dev"}, "plan": {}}',
      'eve.json': '{"deployerUser": {"email": "eve@acme.dev"}, "plan": {}}',
    };
    const kim = await run(['check', 'policy', '--input', 'kim.json'], files);
    expect(kim.out).toContain('allow: trusted (p.rego:3)');
    expect(kim.code).toBe(0);
    expect((await run(['check', 'policy', '--input', 'eve.json'], files)).code).toBe(1);
  });

  const MANY = {
    'policy/a.rego': `package m0

# METADATA
# title: No root
deny contains "root" if input.policyData.root

deny contains "twice" if input.policyData.twice

pending contains "somebody must look" if count(input.approvers) == 0
`,
    'policy/b.rego': `package m0

deny contains "twice" if input.policyData.twice

warn contains "late" if input.policyData.late

warn contains "later" if input.policyData.later
`,
  };

  it('names the definition of each message, and both if two have the same text', async () => {
    const files = { ...MANY, 'input.json': '{"policyData": {"root": 1, "twice": 1, "late": 1}}' };
    const { out } = await run(['check', 'policy', '--input', 'input.json'], files);
    expect(out.slice(out.indexOf('\ndeny'))).toBe(`
deny   (the whole run)
       deny: root (a.rego:5)
       deny: twice (a.rego:7, b.rego:3)
warn   late (b.rego:5)
`);
    const json = JSON.parse((await run(['check', 'policy', '--input', 'input.json', '--json'], files)).out);
    expect(json.messages).toEqual([
      { rule: 'deny', package: 'm0', text: 'root', at: ['a.rego:5'] },
      { rule: 'deny', package: 'm0', text: 'twice', at: ['a.rego:7', 'b.rego:3'] },
      { rule: 'pending', package: 'm0', text: 'somebody must look', at: ['a.rego:9'] },
      { rule: 'warn', package: 'm0', text: 'late', at: ['b.rego:5'] },
    ]);
    expect(json.findings).toEqual([
      {
        address: '(the whole run)',
        verdict: 'deny',
        reasons: [
          { rule: 'deny', text: 'root', at: ['a.rego:5'] },
          { rule: 'deny', text: 'twice', at: ['a.rego:7', 'b.rego:3'] },
        ],
      },
    ]);
    expect(json).toMatchObject({
      readsApprovers: true,
      warnings: [],
      notes: [expect.stringContaining('allow')],
    });
    expect(json.rules[0]).toEqual({
      ...{ package: 'm0', rule: 'deny', file: 'a.rego', line: 5, kind: 'set', title: 'No root' },
    });
  });

  it('--approver adds an approver', async () => {
    const files = { ...MANY, 'input.json': '{"plan": {}, "approvers": []}' };
    const waits = await run(['check', 'policy', '--input', 'input.json'], files);
    expect(waits.out).toContain('pending: somebody must look (a.rego:9)');
    const asked = await run(
      [
        'check',
        'policy',
        '--input',
        'input.json',
        '--approver',
        'dana@acme.dev',
        '--approver',
        'kim@acme.dev',
      ],
      files,
    );
    expect(asked.out).not.toContain('somebody must look');
    expect(asked.out).toContain('silent: ');
  });

  it('reports an evaluation that fails, and exits 1', async () => {
    const { code, out } = await run(['check', 'policy', '--input', 'input.json'], {
      'policy/p.rego': 'package m0\n\nallow := 3 if input.plan.x\n',
      'input.json': '{"plan": {"x": 1}}',
    });
    expect(code).toBe(1);
    expect(out).toContain('error: m0.allow is a number');
  });

  it('warns about rules that never match', async () => {
    const { code, out } = await run(['check', 'policy'], {
      'policy/p.rego': `package m0
# "destroy" in a comment is no matter
allow contains "x" if {
  every change in input.plan.resource_changes {
    not "destroy" in change.change.actions
  }
  input.aprovers
  input.m0.finding
}
pending if input.deploymentRequest.type == "destroy"
`,
    });
    expect(code).toBe(0);
    expect(out.match(/^warning: .*$/gm)).toEqual([
      expect.stringMatching(/p\.rego:5: .*"delete"/),
      expect.stringMatching(/p\.rego:7: input has no key aprovers/),
      expect.stringMatching(/p\.rego:8: input\.m0 has no key finding/),
      expect.stringMatching(/p\.rego:10: .*type is always "deploy"/),
    ]);
  });

  it('exits 1 for an error of the lint, whatever is decided, and says the level in JSON', async () => {
    const files = {
      'policy/p.rego': `package m0

allow contains {"msg": "tags", "adress": f.address} if some f in input.m0.findings

allow contains "all" if input.plan.errored
`,
      'policy/limits.json': '{}',
      'input.json': '{"plan": {"errored": true}}',
    };
    const { code, out } = await run(['check', 'policy'], files);
    expect(code).toBe(1);
    expect(out).toMatch(
      /^error: p\.rego:3: m0 does not read adress .* did you mean address\?: it allows nothing$/m,
    );
    expect(out).toMatch(/^warning: limits\.json:1: left out/m);
    const asked = await run(['check', 'policy', '--input', 'input.json', '--json'], files);
    expect(asked.code).toBe(1);
    const json = JSON.parse(asked.out);
    expect(json.findings).toMatchObject([{ verdict: 'auto' }]);
    expect(json.warnings).toMatchObject([
      { level: 'warning', file: 'limits.json', line: 1 },
      { level: 'error', file: 'p.rego', line: 3 },
    ]);
  });

  it.each([
    ['a key beside msg', '{"msg": "x", "adress": f.address}', 'm0 does not read adress'],
    ['another key', '{"msg": "x", "resource": f.address}', 'm0 does not read resource in a message; write'],
    ['a key of a part', '{"msg": "x", "faild": false}', 'did you mean failed?'],
    ['plain text', 'f.address', 'an address as plain text'],
    ['a variable', 'a if { some f in fs; a := f.address }', 'an address as plain text'],
    ['a helper', 'a if some a in addresses', 'an address as plain text'],
    ['a constant', '"aws_iam_role.ci"', 'an address as plain text'],
    ['no address', '{"msg": "x", "address": "everything"}', '"everything", which is no address'],
    ['a type', '{"msg": "x", "address": f.type}', 'the type of a finding, which is no address'],
    ['an object', '{"msg": "x", "address": f}', 'no text but an object'],
  ])('an allow that names no finding is an error: %s', async (_, head, text) => {
    const rest = head.includes(' if ') ? '' : ' if some f in fs';
    const { code, out } = await run(['check', 'policy'], {
      'policy/p.rego': `package m0

fs := input.m0.findings

addresses contains f.address if some f in fs

deny contains f.address if {
  some f in fs
  count(addresses) > 9
}

allow contains ${head}${rest}
`,
    });
    expect(out.match(/^error: .*$/gm)).toEqual([expect.stringContaining(text)]);
    expect(code).toBe(1);
  });

  it.each([
    ['a key for people', 'allow contains {"msg": "x", "severity": "low"} if input.m0.drift'],
    [
      'an address that is known only later',
      'allow contains {"msg": "x", "address": a} if some a in data.known',
    ],
    [
      'the address of a change',
      'allow contains {"msg": "x", "address": c.address} if some c in input.m0.changes',
    ],
    ['a text', 'allow contains sprintf("%s is fine", [f.address]) if some f in input.m0.findings'],
    ['a boolean', 'allow if input.m0.drift'],
  ])('no error: %s', async (_, rule) => {
    const files = { 'policy/p.rego': `package m0\n\n${rule}\n`, 'policy/data.json': '{"known": []}' };
    const { code, out } = await run(['check', 'policy'], files);
    expect(out).not.toMatch(/^(error|warning): /m);
    expect(code).toBe(0);
  });

  it('the same mistake in a deny is a warning, because it counts for the whole run', async () => {
    const { code, out } = await run(['check', 'policy'], {
      'policy/p.rego': 'package m0\n\ndeny contains {"msg": "x", "adress": "y"} if input.m0.drift\n',
    });
    expect(out).toMatch(/^warning: p\.rego:3: m0 does not read adress .*: it counts for the whole run$/m);
    expect(code).toBe(0);
  });

  it.each([
    [['check'], 'say `policy check DIR'],
    [['check', 'a', 'b'], 'say `policy check DIR'],
    [['check', 'a', '--plan'], 'say `policy check DIR'],
    [['check', 'a', '--approver', 'dana@acme.dev'], 'say `policy check DIR'],
    [['test', 'a', '--json'], 'say `policy check DIR'],
    [['nonsense', 'a'], 'say `policy check DIR'],
    [['check', 'nowhere'], 'nowhere is not a directory'],
    [['check', 'bad'], 'bad: p.rego:4: rego_parse_error'],
    [['check', 'good', '--plan', 'gone.json'], 'gone.json: ENOENT'],
    [['check', 'good', '--plan', 'text.json'], 'text.json'],
    [['check', 'good', '--input', 'text.json'], 'text.json: is no JSON'],
    [['check', 'good', '--input', 'list.json'], 'list.json: is no input document'],
  ])('%j exits 2 with one line', async (args, text) => {
    const { code, out, err } = await run(args, {
      'bad/p.rego': 'package m0\n\nallow contains {{{\n',
      'good/p.rego': ALLOW_ALL,
      'text.json': 'hello',
      'list.json': '[]',
    });
    expect(code).toBe(2);
    expect(out).toBe('');
    expect(err).toContain(text);
    expect(err.trimEnd().split('\n')).toHaveLength(1);
  });
});

describe('policies that once let through what they did not name', () => {
  const FOUND = fileURLToPath(new URL('../../found/policy', import.meta.url));

  it.each([
    ['07-allow-misspelt-address', /^error: policy\.rego:3: .*did you mean address/m],
    ['07-allow-address-as-text', /^error: policy\.rego:2: .*an address as plain text/m],
  ])('%s: is an error, and nothing is applied by itself', async (name, error) => {
    const { code, out } = await run(['check', join(FOUND, name), '--plan', 'plan.json'], {
      'plan.json': PLAN,
    });
    expect(out).toMatch(error);
    expect(out).toMatch(/^human +aws_s3_bucket\.it$/m);
    expect(out).toMatch(/^human +aws_security_group\.it$/m);
    expect(out).toMatch(/^warn +allow ".*" allows nothing: /m);
    expect(out).not.toMatch(/^auto/m);
    expect(code).toBe(1);
  });

  it.each([
    ['11-deny-in-test-file', ['b_test.rego:2: this deny is left out']],
    ['11-deny-in-hidden', ['.hidden.rego:1: left out, because it is hidden']],
    ['11-data-othername', ['a.rego:3: nothing defines data.limits', 'limits.json:1: left out']],
  ])('%s: says what is left out', async (name, expected) => {
    const { out } = await run(['check', join(FOUND, name)]);
    expect(out.match(/^warning: .*$/gm)).toEqual(expected.map((text) => expect.stringContaining(text)));
  });
});

describe('policy test', () => {
  it('the tests of a policy that only opa answers for pass there', async () => {
    const { code, out } = await run(['test', join(SHIPPED, 'tags-auto')]);
    expect(out).toMatch(/: \d+ tests pass in opa, which answers for it in production\n$/);
    expect(code).toBe(0);
  });

  it('the tests of a policy that may be asked through Wasm pass there too', async () => {
    const { code, out } = await run(['test', 'policy'], {
      'policy/p.rego': 'package m0\n\nallow contains "x" if input.plan.fine\n',
      'policy/p_test.rego':
        'package m0_test\n\nimport data.m0\n\ntest_yes if count(m0.allow) == 1 with input.plan.fine as true\n\ntest_no if count(m0.allow) == 0 with input as {}\n',
    });
    expect(out).toBe('policy: 2 tests pass in opa, 2 of them through Wasm too\n');
    expect(code).toBe(0);
  });

  it('names the test that fails', async () => {
    const { code, err } = await run(['test', 'policy'], {
      'policy/p.rego': ALLOW_ALL,
      'policy/p_test.rego': 'package m0_test\n\nimport data.m0\n\ntest_nothing if count(m0.allow) == 0\n',
    });
    expect(code).toBe(1);
    expect(err).toContain('p_test.rego:5: test_nothing');
  });
});

describe('the plan on standard input', () => {
  const rule = (condition: string) => ({
    'p/policy.rego': `package m0\nimport rego.v1\nallow contains "all" if ${condition}\n`,
  });

  it('is judged, with every digit of its numbers', async () => {
    const [before, after] = [{ id: 1 }, { id: 2 }];
    const text = PLAN.replace(
      '"resource_changes":[',
      `"resource_changes":[${JSON.stringify(entry('aws_thing', 'update', before, after))},`,
    )
      .replace('"before":{"id":1}', '"before":{"id":1285704473650888702}')
      .replace('"after":{"id":2}', '"after":{"id":1285704473650888703}');
    const is = (n: string): string =>
      `input.plan.resource_changes[0].change.after.id == ${n}; input.m0.findings[2].attributes[0].desired == ${n}`;
    const right = await run(['check', 'p', '--plan', '-'], rule(`{ ${is('1285704473650888703')} }`), text);
    expect(right.err).toBe('');
    expect([right.code, right.out]).toEqual([0, expect.stringContaining('auto   aws_thing.it')]);
    const wrong = await run(['check', 'p', '--plan', '-'], rule(`{ ${is('1285704473650888704')} }`), text);
    expect(wrong.code).toBe(1);
  });

  it('that is partial or not fully understood is decided by a person', async () => {
    for (const [key, why] of [
      ['complete":false', 'the plan is partial'],
      ['later":[1]', 'not fully understood'],
    ]) {
      const text = PLAN.replace('"configuration"', `"${key},"configuration"`);
      const { code, out } = await run(['check', 'p', '--plan', '-'], rule('true'), text);
      expect(code).toBe(1);
      expect(out).toContain(`m0: the plan`);
      expect(out).toContain(why);
    }
    expect((await run(['check', 'p', '--plan', '-'], rule('true'), PLAN)).code).toBe(0);
  });
});

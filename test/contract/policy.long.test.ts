import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { PolicyAnswer } from '../../src/decisions/decision.ts';
import type { PolicyPort, PolicyQuestion } from '../../src/ports/policy.ts';
import { DANA, KIM, sshFinding, tagFinding } from '../support/runs.ts';
import {
  ALLOW_ALL,
  analysis,
  combined,
  mode,
  OPA,
  policies,
  policyRepository,
  question,
  scratch,
  source,
  verdicts,
} from '../unit/policy/support.ts';

function errorOf(answer: PolicyAnswer | undefined): string {
  return answer?.outcome.ok === false ? answer.outcome.error : '';
}

/** Commit in use by policy. */
async function commits(port: PolicyPort, asked: PolicyQuestion): Promise<Record<string, string | null>> {
  const statuses = await port.status(asked.stack.policies);
  return Object.fromEntries(statuses.map((s) => [s.policy, s.commit]));
}

/** Asks one policy that is the whole repository. */
async function askOne(rego: string, limits = {}): Promise<{ answer: PolicyAnswer; verdict: string }> {
  const port = await policies(limits);
  const asked = question([source((await policyRepository({ 'policy.rego': rego })).url)]);
  const answers = await port.ask(asked);
  return { answer: answers[0] as PolicyAnswer, verdict: verdicts(asked, answers)[0] ?? '' };
}

describe('a policy from Git', () => {
  it('allows, and the answer names the full commit that did', async () => {
    const repository = await policyRepository({ 'policy.rego': ALLOW_ALL });
    const port = await policies();
    const asked = question([source(repository.url)]);

    const answers = await port.ask(asked);

    expect(answers).toEqual([
      {
        policy: 'approvals',
        mode: 'decide',
        commit: repository.first,
        outcome: {
          ok: true,
          messages: [{ rule: 'allow', text: 'fine', at: { file: 'policy.rego', line: 3 } }],
        },
      },
    ]);
    expect(verdicts(asked, answers)).toEqual(['auto']);
    expect(await commits(port, asked)).toEqual({ approvals: repository.first });
  });

  it('works in a data directory whose path is relative, as the default is', async () => {
    // Below the working directory: a path that begins with `..` also leads there from the root.
    await mkdir('.m0', { recursive: true });
    const dir = await mkdtemp(join('.m0', 'test-policies-'));
    onTestFinished(() => rm(dir, { recursive: true, force: true }));
    const port = await policies({}, OPA, dir);
    const asked = question([source((await policyRepository({ 'policy.rego': ALLOW_ALL })).url)]);
    expect(verdicts(asked, await port.ask(asked))).toEqual(['auto']);
  });

  it('gets env0’s document and the key m0', async () => {
    const { answer } = await askOne(`package env0
      allow contains json.marshal([
        input.deploymentRequest.revision, input.deploymentRequest.triggerName, input.deployerUser.name,
        input.template.path, input.plan.format_version, input.policyData, input.policyConfiguration,
      ])
      warn contains json.marshal([
        input.m0.drift, input.m0.stack, input.m0.environment, input.m0.workspace, input.m0.run, input.m0.now,
        input.m0.findings[0].attributes[0].path,
      ])`);
    const texts = answer.outcome.ok ? answer.outcome.messages.map((m) => JSON.parse(m.text)) : [];
    expect(texts).toEqual([
      ['9f8e7d6c5b4a39281706f5e4d3c2b1a09f8e7d6c', 'schedule', 'Dana', 'envs/prod/network', '1.2', {}, {}],
      [true, 'prod-network', 'prod', 'default', 42, '2026-03-02T12:00:00.000Z', 'tags.Owner'],
    ]);
  });

  it('written for env0 in Rego v0 runs unmodified, and again with its approvers', async () => {
    const repository = await policyRepository({
      'approvals/env0.rego': `package env0
# METADATA
# title: Require Approval
# description: one approval by somebody else
pending[format(rego.metadata.rule())] { count(others) < 1 }

# METADATA
# title: Approved
# description: approved
allow[format(rego.metadata.rule())] { count(others) >= 1 }

others := [email | email := input.approvers[_].email; email != input.deployerUser.email]
format(meta) := meta.description
`,
    });
    const port = await policies();
    const asked = question([source(repository.url, { path: 'approvals' })]);
    expect(verdicts(asked, await port.ask(asked))).toEqual(['human']);
    expect(verdicts(asked, await port.ask({ ...asked, approvers: [DANA] }))).toEqual(['human']);
    expect(verdicts(asked, await port.ask({ ...asked, approvers: [KIM] }))).toEqual(['auto']);
  });

  it('reads its data files and leaves its tests and other JSON out', async () => {
    const port = await policies();
    const repository = await policyRepository({
      'limits/data.yaml': 'most: 3\n',
      'other.json': '{"limits": {"most": 0}}',
      'policy.rego': `package m0
allow contains sprintf("%d of %d", [count(input.m0.findings), data.limits.most]) if {
  count(input.m0.findings) <= data.limits.most
}`,
      'policy_test.rego': `package m0
test_limit if count(allow) == 2 with input as {"m0": {"findings": [1, 2]}}
allow contains "from the tests"`,
    });
    const [answer] = await port.ask(question([source(repository.url)]));
    expect(answer?.outcome).toEqual({
      ok: true,
      messages: [{ rule: 'allow', text: '1 of 3', at: { file: 'policy.rego', line: 2 } }],
    });
  });

  it('decides finding by finding with the two policies that m0 ships', async () => {
    const read = (path: string): Promise<string> =>
      readFile(new URL(`../../policies/${path}`, import.meta.url), 'utf8');
    const repository = await policyRepository({
      'tags/policy.rego': await read('tags-auto/tags_auto.rego'),
      'tags/policy_test.rego': await read('tags-auto/tags_auto_test.rego'),
      'network/policy.rego': await read('network-human/network_human.rego'),
      'network/policy_test.rego': await read('network-human/network_human_test.rego'),
      'network/data.yaml': await read('network-human/data.yaml'),
    });
    const port = await policies();
    const asked = question(
      [
        source(repository.url, { name: 'tags-auto', path: 'tags' }),
        source(repository.url, { name: 'network-human', path: 'network', mode: 'guardrail' }),
      ],
      { analysis: analysis([tagFinding(), sshFinding()]) },
    );
    const decision = combined(asked, await port.ask(asked));
    expect(decision.findings.map((f) => [f.address, f.verdict, f.reasons[0]?.text])).toEqual([
      ['aws_s3_bucket.logs', 'auto', 'metadata only'],
      ['aws_security_group.web', 'human', 'security group: never reverted without a person'],
    ]);
  });

  it('says nothing secret', async () => {
    const secret = 'hunter2-hunter2';
    const port = await policies();
    const { url } = await policyRepository({
      'policy.rego':
        'package m0\nallow contains sprintf("%s %v", [input.plan.password, [input.plan.password]])',
    });
    const [answer] = await port.ask(
      question([source(url)], {
        document: { password: secret },
        analysis: analysis([tagFinding()], [secret]),
      }),
    );
    expect(answer?.outcome.ok).toBe(true);
    expect(JSON.stringify(answer)).not.toContain('hunter2');
  });

  it('keeps an objection whose address is nowhere in the plan', async () => {
    const port = await policies();
    const { url } = await policyRepository({ 'allow/p.rego': ALLOW_ALL });
    const guard = await policyRepository({
      'p.rego': 'package m0\npending contains {"msg": "mind this", "address": "module.logs"}',
    });
    const asked = question([
      source(url, { path: 'allow' }),
      source(guard.url, { name: 'guard', mode: 'guardrail' }),
    ]);
    const decision = combined(asked, await port.ask(asked));
    expect(decision.findings[0]?.verdict).toBe('human');
    expect(decision.findings[0]?.reasons[0]?.text).toBe('mind this (module.logs, which is not in this plan)');
  });

  it('speaks to a moved finding by its former address', async () => {
    const port = await policies();
    const { url } = await policyRepository({
      'p.rego':
        'package m0\nallow contains "x"\npending contains {"msg": "moved", "address": "aws_s3_bucket.before"}',
    });
    const moved = { ...tagFinding('aws_s3_bucket.now'), previousAddress: 'aws_s3_bucket.before' };
    const asked = question([source(url)], { analysis: analysis([moved, tagFinding('aws_s3_bucket.other')]) });
    expect(verdicts(asked, await port.ask(asked))).toEqual(['human', 'auto']);
  });
});

describe('how often repositories are looked at', () => {
  it('at most once in the time given, by however many ask', async () => {
    const repository = await policyRepository({ 'policy.rego': ALLOW_ALL });
    const port = await policies({ syncEveryMs: 3_600_000 });
    const asked = question([source(repository.url)]);
    await Promise.all([port.ask(asked), port.ask(asked), commits(port, asked)]);
    await repository.commit({ 'policy.rego': 'package m0\n\ndeny contains "no"\n' });
    expect(await commits(port, asked)).toEqual({ approvals: repository.first });
  });
});

describe('a way of failing leads to a person', () => {
  it('compile error: named with its file and line', async () => {
    const { answer, verdict } = await askOne('package m0\n\nallow contains "x" if {\n  nonsense(1)\n}\n');
    expect(verdict).toBe('human');
    expect(answer.commit).toBeNull();
    expect(errorOf(answer)).toMatch(/commit [0-9a-f]{7} is refused: policy\.rego:4: .*nonsense/);
  });

  it('syntax error in either version of Rego', async () => {
    const { answer, verdict } = await askOne('package m0\n\nallow contains {{{\n');
    expect(verdict).toBe('human');
    expect(errorOf(answer)).toMatch(/policy\.rego:4: rego_parse_error/);
  });

  it('a builtin that reaches the network', async () => {
    const { answer, verdict } = await askOne(
      'package m0\n\nallow contains "x" if http.send({"method": "get", "url": "http://127.0.0.1"}).status_code == 200\n',
    );
    expect(verdict).toBe('human');
    expect(errorOf(answer)).toMatch(/policy\.rego:3: http\.send may not be used in an approval policy/);
  });

  it('a builtin that nobody proved to answer as opa does', async () => {
    const { answer, verdict } = await askOne('package m0\n\nallow contains "x" if io.jwt.decode("a.b.c")\n');
    expect(verdict).toBe('human');
    expect(errorOf(answer)).toMatch(/policy\.rego:3: .*io\.jwt\.decode/);
  });

  it('its own tests fail', async () => {
    const port = await policies();
    const { url } = await policyRepository({
      'policy.rego': ALLOW_ALL,
      'policy_test.rego': 'package m0\n\ntest_nothing_is_allowed if count(allow) == 0\n',
    });
    const asked = question([source(url)]);
    const answers = await port.ask(asked);
    expect(verdicts(asked, answers)).toEqual(['human']);
    expect(errorOf(answers[0])).toContain('policy_test.rego:3: test_nothing_is_allowed');
  });

  it('no opa at all', async () => {
    const port = await policies({}, '/nowhere/opa');
    const asked = question([source((await policyRepository({ 'policy.rego': ALLOW_ALL })).url)]);
    const answers = await port.ask(asked);
    expect(verdicts(asked, answers)).toEqual(['human']);
    expect(errorOf(answers[0])).toContain('running opa capabilities');
  });

  it('spins for ever: ended at the time limit', async () => {
    const { answer, verdict } = await askOne(
      `package m0
allow contains "x"
deny contains "y" if {
  input.plan.format_version
  some i in numbers.range(1, 100000)
  some j in numbers.range(1, 100000)
  i + j == -1
}`,
      { timeMs: 300 },
    );
    expect(verdict).toBe('human');
    expect(errorOf(answer)).toBe('took longer than 0.3 s');
  });

  it('runs out of memory', async () => {
    const { answer, verdict } = await askOne(
      `package m0
allow contains "x"
deny contains "y" if {
  input.plan.format_version
  count([x | some i in numbers.range(1, 5000000); x := sprintf("%d and a long text beside it", [i])]) == 3
}`,
      { memoryBytes: 16 * 1024 * 1024, timeMs: 60_000 },
    );
    expect(verdict).toBe('human');
    expect(errorOf(answer)).toBe('ran out of memory, of which it may use 16 MiB');
  });

  it('an input larger than the memory it may have', async () => {
    const port = await policies({ memoryBytes: 16 * 1024 * 1024, timeMs: 60_000 });
    // Only what the policy reads is handed to it at all.
    const reads = 'package m0\n\nallow contains "x" if input.plan.filler\n';
    const { url } = await policyRepository({ 'policy.rego': reads });
    const asked = question([source(url)], { document: { filler: 'x'.repeat(64 * 1024 * 1024) } });
    const answers = await port.ask(asked);
    expect(verdicts(asked, answers)).toEqual(['human']);
    expect(errorOf(answers[0])).toContain('memory');
  });

  it('aborts while it runs', async () => {
    const { answer, verdict } = await askOne(
      'package m0\nallow := true if input.plan.format_version\nallow := false if input.plan.format_version\n',
    );
    expect(verdict).toBe('human');
    expect(errorOf(answer)).toContain('policy.rego:3: rule data.m0.allow produced');
  });

  it('half a surrogate pair, which is JSON to JavaScript, is still an input', async () => {
    const port = await policies();
    const { url } = await policyRepository({
      'policy.rego': 'package m0\nallow contains "x"\ndeny contains "y" if input.plan.bad\n',
    });
    const asked = question([source(url)], { document: { bad: '\ud800' } });
    expect(verdicts(asked, await port.ask(asked))).toEqual(['deny']);
  });

  it.each([
    ['a number', 'allow := 3', 'm0.allow is a number'],
    ['text where a set belongs', 'allow := "yes"', 'm0.allow is a string'],
    ['an object', 'allow := {"a": "b"}', 'm0.allow is an object'],
    ['a set of numbers', 'allow contains 3', 'm0.allow holds a number'],
    ['an object without msg', 'allow contains {"message": "x"}', 'whose msg is missing'],
    ['an address that is no text', 'allow contains {"msg": "x", "address": 3}', 'whose address is a number'],
    ['failed that is no boolean', 'allow contains {"msg": "x", "failed": "no"}', 'whose failed is a string'],
  ])('wrong type: %s', async (_name, rule, error) => {
    const { answer, verdict } = await askOne(`package m0\n\n${rule}\n`);
    expect(verdict).toBe('human');
    expect(errorOf(answer)).toContain(error);
  });

  it('no rule that m0 asks', async () => {
    const { answer, verdict } = await askOne('package approvals\n\nallow contains "x"\n');
    expect(verdict).toBe('human');
    expect(errorOf(answer)).toContain('no deny, pending, allow or warn rule in package env0 or m0');
  });

  it('no allow rule', async () => {
    const { answer, verdict } = await askOne('package m0\n\nwarn contains "look here"\n');
    expect(verdict).toBe('human');
    expect(answer.outcome.ok).toBe(true);
  });

  it('a guardrail that could never object', async () => {
    const port = await policies();
    const allow = await policyRepository({ 'p.rego': ALLOW_ALL });
    const guard = await policyRepository({ 'p.rego': 'package m0\n\nwarn contains "no"\n' });
    const asked = question([source(allow.url), source(guard.url, { name: 'guard', ...mode('guardrail') })]);
    const answers = await port.ask(asked);
    expect(verdicts(asked, answers)).toEqual(['human']);
    expect(errorOf(answers[1])).toContain('a guardrail needs a deny or pending rule');
  });

  it('a path that is not there or leads out', async () => {
    const port = await policies();
    const { url } = await policyRepository({ 'p.rego': ALLOW_ALL });
    const asked = question([
      source(url, { name: 'a', path: 'gone' }),
      source(url, { name: 'b', path: '../..' }),
    ]);
    const answers = await port.ask(asked);
    expect(verdicts(asked, answers)).toEqual(['human']);
    expect(answers.map(errorOf)).toEqual([
      expect.stringContaining('path gone is not in the repository'),
      expect.stringContaining('leads out of the repository'),
    ]);
  });

  it('stale: a new commit that is refused leaves the last good one to object, until it is mended', async () => {
    const repository = await policyRepository({ 'policy.rego': ALLOW_ALL });
    const port = await policies();
    const asked = question([source(repository.url)]);
    expect(verdicts(asked, await port.ask(asked))).toEqual(['auto']);

    const bad = await repository.commit({ 'policy.rego': 'package m0\n\nallow contains "x" if {{\n' });
    const stale = await port.ask(asked);
    expect(verdicts(asked, stale)).toEqual(['human']);
    expect(stale[0]).toMatchObject({ commit: repository.first, stale: { id: bad }, outcome: { ok: true } });
    expect(stale[0]?.stale?.error).toContain(`commit ${bad.slice(0, 7)} is refused: policy.rego:4: `);
    expect(combined(asked, stale).bundles).toEqual({ approvals: null });

    const mended = await repository.commit({ 'policy.rego': ALLOW_ALL });
    expect(verdicts(asked, await port.ask(asked))).toEqual(['auto']);
    expect(await commits(port, asked)).toEqual({ approvals: mended });
  });

  it('stale over a restart: the last good commit still objects', async () => {
    const repository = await policyRepository({ 'p.rego': 'package m0\n\ndeny contains "frozen"\n' });
    const dir = await scratch();
    const asked = question([source(repository.url)]);
    const before = await policies({}, OPA, dir);
    expect(verdicts(asked, await before.ask(asked))).toEqual(['deny']);
    before.close();

    await repository.commit({ 'p.rego': 'package m0\n\nallow contains {{\n' });
    const after = await policies({}, OPA, dir);
    const answers = await after.ask(asked);
    expect(verdicts(asked, answers)).toEqual(['deny']);
    expect(answers[0]).toMatchObject({ commit: repository.first });
    expect(answers[0]?.stale?.error).toContain('is refused: p.rego:4');
    expect(await readdir(join(dir, 'policies', 'scratch')).catch(() => [])).toEqual([]);
  });

  it('the repository is gone, though a good commit was fetched before', async () => {
    const repository = await policyRepository({ 'policy.rego': ALLOW_ALL });
    const port = await policies();
    const asked = question([source(repository.url)]);
    expect(verdicts(asked, await port.ask(asked))).toEqual(['auto']);

    await repository.vanish();
    const answers = await port.ask(asked);
    expect(verdicts(asked, answers)).toEqual(['human']);
    expect(answers[0]?.stale?.error).toMatch(/running git fetch/);
    expect(answers[0]).toMatchObject({ commit: repository.first, outcome: { ok: true } });
  });

  it('the evaluation is cut short because m0 stops', async () => {
    const port = await policies();
    const asked = question([source((await policyRepository({ 'policy.rego': ALLOW_ALL })).url)]);
    await port.ask(asked);
    port.close();
    const answers = await port.ask(asked);
    expect(verdicts(asked, answers)).toEqual(['human']);
    expect(errorOf(answers[0])).toBe('m0 is stopping');
  });
});

/** Policies from Git in a whole m0: shipped ones decide, a broken commit stops them, people let them go on. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { buttons, DANA, EVE, KIM, startWorld, type World, words } from '../support/world.ts';

const TAGS = 'Bucket acme-logs, tags';
const AS_BUILT = 'CostCenter=4711, Owner=platform';
const INGRESS = 'Security group web, lets in';
const SSH = '22/tcp from 203.0.113.7/32';

let world: World;

/** The sandbox's policies, and one that wants two people for a security group. */
function config(yaml: string): string {
  const raw = parse(yaml) as {
    policies: Record<string, { git: string; [key: string]: unknown }>;
    stacks: { policies: string[] }[];
  };
  const git = raw.policies['tags-auto']?.git ?? '';
  const two = { git, ref: 'main', path: 'two-people', mode: 'guardrail', data: { need: 2 } };
  for (const stack of raw.stacks) stack.policies.push('two-people');
  return stringify({ ...raw, policies: { ...raw.policies, 'two-people': two } });
}

/** Speaks where the shipped network guardrail does, and reads who has approved. */
const TWO_PEOPLE = `package m0

pending contains {"msg": sprintf("%d of %d people have approved", [count(people), input.policyData.need]), "address": finding.address} if {
	some finding in input.m0.findings
	startswith(finding.type, "aws_security_group")
	count(people) < input.policyData.need
}

people := {lower(approver.email) | some approver in input.approvers}
`;

async function push(path: string, text: string): Promise<string> {
  const cwd = world.cloud.repos.policies;
  await writeFile(join(cwd, path), text);
  const who = ['-c', 'user.name=Kim', '-c', 'user.email=kim@acme.dev'];
  await execa('git', [...who, 'commit', '--quiet', '--all', '--message', `change ${path}`], { cwd });
  return (await execa('git', ['rev-parse', 'HEAD'], { cwd })).stdout;
}

beforeAll(async () => {
  world = await startWorld({
    config,
    async prepare({ repos }) {
      const cwd = repos.policies;
      await execa('mkdir', ['two-people'], { cwd });
      await writeFile(join(cwd, 'two-people/two.rego'), TWO_PEOPLE);
      await execa('git', ['add', '--all'], { cwd });
      const who = ['-c', 'user.name=Kim', '-c', 'user.email=kim@acme.dev'];
      await execa('git', [...who, 'commit', '--quiet', '--message', 'two people'], { cwd });
    },
  });
});
afterAll(() => world?.close());

describe('the shipped policies', () => {
  it('put a tag back, hold the hotfix, and one yes is not enough where a policy wants two', async () => {
    await world.cloud.console.run('remove-tags');
    await world.cloud.console.run('open-ssh');
    const run = await world.check();
    expect(run.state).toBe('awaiting_approval');
    expect(await world.fact(TAGS)).toBe(AS_BUILT);
    expect(await world.fact(INGRESS)).toContain(SSH);

    await world.type(DANA, `approve #${run.id}`);
    await world.card(`run #${run.id}`, '1 of 2 people have approved');
    expect(await world.fact(INGRESS)).toContain(SSH);
    expect((await world.run(run.id)).approvals.map((a) => a.by.name)).toEqual(['Dana']);

    await world.type(KIM, `approve #${run.id}`);
    await world.until(run.id, 'realigned');
    expect(await world.fact(INGRESS)).not.toContain(SSH);
  });

  it('name the file, the rule and what it said in why', async () => {
    await world.type(EVE, 'why #1');
    const why = words(await world.whisper(EVE, 'two-people'));
    expect(why).toContain('two.rego:3');
  });
});

describe('a broken commit of a policy', () => {
  it('is told once with the compiler’s line, and nothing is put back by itself', async () => {
    const file = join(world.cloud.repos.policies, 'tags-auto/tags_auto.rego');
    const bad = await push(
      'tags-auto/tags_auto.rego',
      `${await readFile(file, 'utf8')}\nallow contains {{\n`,
    );
    await world.cloud.console.run('remove-tags');
    const run = await world.check();
    expect(run.state).toBe('awaiting_approval');
    expect(await world.fact(TAGS)).not.toContain('Owner=platform');
    const card = await world.card(
      'Policy tags-auto',
      `is broken at ${bad.slice(0, 7)}: nothing is applied by itself`,
    );
    expect(words(card)).toMatch(/tags_auto\.rego:\d+: rego_parse_error/);
    expect(world.cards().filter((m) => words(m).includes('Policy tags-auto'))).toHaveLength(1);
  });

  it('survives a restart as it was', async () => {
    await world.restart();
    await world.check();
    expect(await world.fact(TAGS)).not.toContain('Owner=platform');
    expect(world.cards().filter((m) => words(m).includes('Policy tags-auto'))).toHaveLength(1);
  });

  it('is waved on by an approver only, and then the last good commit decides', async () => {
    const card = await world.card('Policy tags-auto', 'is broken');
    const [go = ''] = buttons(card);
    await world.workspace.as(EVE).click(card, go, { confirm: true });
    await world.whisper(EVE, 'may approve prod-network');
    await world.workspace.as(DANA).click(card, go, { confirm: true });
    await world.card('Policy tags-auto', 'Dana has seen it');
    expect((await world.check()).state).toBe('realigned');
    expect(await world.fact(TAGS)).toBe(AS_BUILT);
  });

  it('mended closes its message', async () => {
    const file = join(world.cloud.repos.policies, 'tags-auto/tags_auto.rego');
    await push('tags-auto/tags_auto.rego', (await readFile(file, 'utf8')).replace('allow contains {{', ''));
    await world.card('Policy tags-auto is in order since');
  });
});

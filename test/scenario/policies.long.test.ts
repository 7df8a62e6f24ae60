/** Policies from Git in the whole m0: shipped policies decide, a broken commit stops them, and people resume them. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { commitAs, KIM as KIM_WRITES } from '../../src/sandbox/cloud/sample-git.ts';
import { buttons, DANA, EVE, KIM, startWorld, type World, words } from '../support/world.ts';

const TAGS = 'Bucket acme-logs, tags';
const AS_BUILT = 'CostCenter=4711, Owner=platform';
const INGRESS = 'Security group web, lets in';
const SSH = '22/tcp from 203.0.113.7/32';

let world: World;

/** The shipped guardrails, except the one that depends on the time of day. */
const GUARDRAILS: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  'blast-radius': {},
  'cloud-only': {},
  'data-human': {},
  'hotfix-human': { ask: 'Nora of the network team' },
  'identity-human': {},
  'no-wider-exposure': {},
  // Kim wrote the code, so Kim's approval does not count.
  'two-people': { need: 1, types: ['aws_security_group'] },
};

function config(yaml: string): string {
  const raw = parse(yaml) as {
    policies: Record<string, { git: string; [key: string]: unknown }>;
    stacks: { policies: string[] }[];
  };
  const git = raw.policies['tags-auto']?.git ?? '';
  const added = Object.entries(GUARDRAILS).map(([name, data]) => [
    name,
    { git, ref: 'main', path: name, mode: 'guardrail', data },
  ]);
  for (const stack of raw.stacks) stack.policies.push(...Object.keys(GUARDRAILS));
  return stringify({ ...raw, policies: { ...raw.policies, ...Object.fromEntries(added) } });
}

async function push(path: string, text: string): Promise<string> {
  const cwd = world.cloud.repos.policies;
  await writeFile(join(cwd, path), text);
  const who = ['-c', 'user.name=Kim', '-c', 'user.email=kim@acme.dev'];
  await execa('git', [...who, 'commit', '--quiet', '--all', '--message', `change ${path}`], { cwd });
  return (await execa('git', ['rev-parse', 'HEAD'], { cwd })).stdout;
}

beforeAll(async () => {
  world = await startWorld({ config });
});
afterAll(() => world?.close());

describe('the shipped policies', () => {
  it('restore a tag, hold the hotfix, and require an approval by somebody other than the author', async () => {
    // From now on code and cloud agree, so the authors of earlier commits are nobody's concern.
    expect((await world.check()).state).toBe('clean');
    const { infra } = world.cloud.repos;
    await commitAs(infra, process.env, {
      ...{ author: KIM_WRITES, at: Date.now(), message: 'network: say who owns it' },
      files: { 'envs/prod/network/owner.tf': '# Owned by the network team.\n' },
    });
    await world.cloud.console.run('remove-tags');
    await world.cloud.console.run('open-ssh');
    const run = await world.check();
    expect(run.state).toBe('awaiting_approval');
    expect(await world.fact(TAGS)).toBe(AS_BUILT);
    expect(await world.fact(INGRESS)).toContain(SSH);

    await world.approve(KIM, run.id);
    const thread = 'Not applied yet: two-people: 0 of 1 people have approved (not the author)';
    await world.workspace.waitFor(
      () => world.workspace.channel('ops').messages.find((m) => words(m).includes(thread)),
      90_000,
    );
    expect(await world.fact(INGRESS)).toContain(SSH);
    expect((await world.run(run.id)).approvals.map((a) => a.by.name)).toEqual(['Kim']);

    await world.approve(DANA, run.id);
    await world.until(run.id, 'realigned');
    expect(await world.fact(INGRESS)).not.toContain(SSH);
  });

  it('are explained by why: file, rule and message', async () => {
    await world.type(EVE, 'why #2');
    const why = words(await world.whisper(EVE, 'run #2', 'hotfix-human'));
    expect(why).toMatch(/pending · hotfix_human\.rego:\d+/);
    expect(why).toContain('Nora of the network team');
    expect(why).toMatch(/allow · tags_auto\.rego:\d+/);
  });
});

describe('a broken commit of a policy', () => {
  it('is reported once with the compiler’s line, and nothing is reverted automatically', async () => {
    const file = join(world.cloud.repos.policies, 'tags-auto/tags_auto.rego');
    const bad = await push(
      'tags-auto/tags_auto.rego',
      `${await readFile(file, 'utf8')}\nallow contains {{\n`,
    );
    // m0 fetches policies every few seconds; until this card appears the previous commit decides.
    const card = await world.card(
      'Policy tags-auto',
      `is broken at ${bad.slice(0, 7)}: nothing is applied by itself`,
    );
    await world.cloud.console.run('remove-tags');
    const run = await world.check();
    expect(run.state).toBe('awaiting_approval');
    expect(await world.fact(TAGS)).not.toContain('Owner=platform');
    expect(words(card)).toMatch(/tags_auto\.rego:\d+: rego_parse_error/);
    expect(world.cards().filter((m) => words(m).includes('Policy tags-auto'))).toHaveLength(1);
  });

  it('is still stale after a restart', async () => {
    await world.restart();
    await world.check();
    expect(await world.fact(TAGS)).not.toContain('Owner=platform');
    expect(world.cards().filter((m) => words(m).includes('Policy tags-auto'))).toHaveLength(1);
  });

  it('can be acknowledged by an approver only, and then the last good commit decides', async () => {
    const card = await world.card('Policy tags-auto', 'is broken');
    const [go = ''] = buttons(card);
    await world.workspace.as(EVE).click(card, go, { confirm: true });
    await world.whisper(EVE, 'may approve prod-network');
    await world.workspace.as(DANA).click(card, go, { confirm: true });
    await world.card('Policy tags-auto', 'Dana has seen it');
    expect((await world.check()).state).toBe('realigned');
    expect(await world.fact(TAGS)).toBe(AS_BUILT);
  });

  it('is fixed, and its message is closed', async () => {
    const file = join(world.cloud.repos.policies, 'tags-auto/tags_auto.rego');
    await push('tags-auto/tags_auto.rego', (await readFile(file, 'utf8')).replace('allow contains {{', ''));
    await world.card('Policy tags-auto is in order since');
  });
});

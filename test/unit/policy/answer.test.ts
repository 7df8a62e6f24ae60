import { describe, expect, it } from 'vitest';
import { readValues, resolveAddresses } from '../../../src/policy/answer.ts';
import type { RuleDefinition } from '../../../src/policy/bundle.ts';

const RULES: readonly RuleDefinition[] = (['deny', 'pending', 'allow', 'warn'] as const).map((rule, i) => ({
  ...{ package: 'm0', rule, file: 'p.rego', line: i + 1, kind: 'set', title: null, mute: false },
}));
const BUCKET = 'aws_s3_bucket.logs';
/** Not written like a resource's address, so that only the plan tells that it is one. */
const OUTPUT = 'output.endpoint';

/** The messages of one rule as `rule [address]: text`, for a plan with these addresses. */
function read(rule: RuleDefinition['rule'], ...messages: readonly unknown[]): readonly string[] {
  const none = { 'm0.deny': [], 'm0.pending': [], 'm0.allow': [], 'm0.warn': [] };
  const reading = readValues({ ...none, [`m0.${rule}`]: messages }, RULES, 'decide');
  if (!reading.ok) return [reading.error];
  const moved = new Map([['old-name', BUCKET]]);
  return resolveAddresses(reading.messages, new Set([BUCKET, OUTPUT]), moved).map(
    (m) => `${m.rule}${m.address === undefined ? '' : ` [${m.address}]`}: ${m.text}`,
  );
}

describe('an allow', () => {
  it.each([
    ['a text', 'only tags', 'allow: only tags'],
    ['a text with an address in it', `${BUCKET}: only tags`, `allow: ${BUCKET}: only tags`],
    ['a version', 'updates.v1', 'allow: updates.v1'],
    ['a message with keys for people', { msg: 'tags', severity: 'low', id: 7 }, 'allow: tags'],
    ['a message with other text', { msg: 'tags', docs: ['see a.b', { by: null }] }, 'allow: tags'],
    ['a message that failed', { msg: 'tags', failed: true }, 'allow: tags'],
  ])('counts for the whole run: %s', (_, message, expected) => {
    expect(read('allow', message)).toEqual([expected]);
  });

  it('counts for its address, known or not', () => {
    expect(
      read(
        'allow',
        { msg: 'tags', address: BUCKET, severity: 'low', resource: BUCKET },
        { msg: 'tags', address: 'aws_iam_role.gone' },
      ),
    ).toEqual([`allow [${BUCKET}]: tags`, 'allow [aws_iam_role.gone]: tags']);
  });

  it.each([
    ['an address as its text', BUCKET, 'its text is an address'],
    ['an address with spaces', ` ${BUCKET}\n`, 'its text is an address'],
    ['the address of an output', OUTPUT, 'its text is an address'],
    ['a former address', 'old-name', 'its text is an address'],
    ['an address that is not in this plan', 'module.net["a"].aws_vpc.main[0]', 'its text is an address'],
    ['a module', 'module.net', 'its text is an address'],
    ['an address as its msg', { msg: BUCKET }, 'its text is an address'],
    ['adress', { msg: 'tags', adress: BUCKET }, 'does not read its "adress"; did you mean address?'],
    ['adress of nothing known', { msg: 'tags', adress: 'x' }, 'did you mean address?'],
    ['addr', { msg: 'tags', addr: 'x' }, 'did you mean address?'],
    ['Address', { msg: 'tags', Address: 'x' }, 'did you mean address?'],
    ['resource_address', { msg: 'tags', resource_address: 'x' }, 'did you mean address?'],
    ['faild', { msg: 'tags', address: BUCKET, faild: false }, 'did you mean failed?'],
    ['an address under another key', { msg: 'tags', resource: BUCKET }, 'names a resource as "resource"'],
    [
      'an address inside another key',
      { msg: 'tags', details: { of: [BUCKET] } },
      'names a resource as "details"',
    ],
    ['an address that is none', { msg: 'tags', address: 'all' }, 'its address "all" is no address'],
  ])('allows nothing, and says so: %s', (_, message, why) => {
    const said = read('allow', message);
    expect(said).toHaveLength(1);
    expect(said[0]).toMatch(/^warn: allow "[^"]+"? ?allows nothing: |^warn: allow "/);
    expect(said[0]).toContain('allows nothing: ');
    expect(said[0]).toContain(why);
  });

  it('says it once for a rule that does it for every resource', () => {
    const many = Array.from({ length: 250 }, (_, i) => `aws_instance.it[${i}]`);
    expect(read('allow', ...many, 'only tags')).toEqual([
      expect.stringContaining('warn: allow "aws_instance.it[0]" allows nothing'),
      'allow: only tags',
    ]);
  });
});

describe('an objection', () => {
  it.each(['deny', 'pending'] as const)('counts for the whole run with the same mistakes: %s', (rule) => {
    expect(
      read(rule, BUCKET, { msg: 'no', adress: BUCKET }, { msg: 'not', resource: BUCKET, faild: false }),
    ).toEqual([`${rule}: ${BUCKET}`, `${rule}: no`, `${rule}: not`]);
  });

  it('counts for the whole run where its address is unknown', () => {
    expect(read('deny', { msg: 'no', address: 'all' })).toEqual([
      'deny: no (all, which is not in this plan)',
    ]);
    expect(read('deny', { msg: 'no', address: 'old-name' })).toEqual([`deny [${BUCKET}]: no`]);
  });
});

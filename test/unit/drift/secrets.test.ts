import { describe, expect, it } from 'vitest';
import { analyzePlan } from '../../../src/drift/analyze.ts';
import { collectSecrets, scrub } from '../../../src/drift/secrets.ts';
import { type Planned, plan } from '../../support/plan.ts';

const SECRET = 'S3cr3t-"quoted"-<0001>';

function shownOf(resources: readonly Planned[], rest = {}): string {
  const { secrets: _secrets, ...shown } = analyzePlan(plan(resources, rest), { key: 'k' });
  return JSON.stringify(shown);
}

describe('masked places', () => {
  const tags = (value: string) => ({
    tags: { Token: value, Owner: 'x' },
    tags_all: { Token: value, Owner: 'x' },
  });

  it('shows that a secret changed, but never the secret, although tags_all contains it unmasked', () => {
    const planned: Planned = {
      recorded: tags(SECRET),
      actual: tags('0ther-secret-value'),
      desired: tags(SECRET),
      sensitive: { tags: { Token: true }, tags_all: {} },
    };
    const { findings } = analyzePlan(plan([planned]), { key: 'k' });
    expect(findings[0]?.attributes).toEqual([
      {
        path: 'tags.Token',
        origin: 'cloud',
        kind: 'changed',
        recorded: { sensitive: true },
        actual: { sensitive: true },
        desired: { sensitive: true },
        sensitive: true,
      },
    ]);
  });

  it.each([
    ['true for the whole object', true],
    ['a mask of one side only', { v: true }],
  ])('%s', (_name, mask) => {
    const change = { actions: ['update'], before: { v: 'was-secret' }, after: { v: 'is-secret-2' } };
    const entry = { address: 'a.b', mode: 'managed', type: 'a', name: 'b' };
    const text = shownOf([], {
      resource_changes: [{ ...entry, change: { ...change, before_sensitive: mask, after_sensitive: false } }],
    });
    expect(text).not.toMatch(/was-secret|is-secret-2/);
    expect(text).toContain('"sensitive":true');
  });

  it('masks an element at any index after a change by hand', () => {
    const env = (...values: string[]) => ({ env: values.map((value) => ({ name: 'N', value })) });
    const text = shownOf([
      {
        recorded: env('pw', 'ok'),
        actual: env('ok', 'pw2'),
        desired: env('pw', 'ok'),
        sensitive: { env: [{ value: true }, {}] },
      },
    ]);
    expect(text).not.toContain('"pw');
  });

  it('shows a missing secret as missing', () => {
    const planned: Planned = {
      recorded: { v: SECRET },
      actual: { v: null },
      desired: { v: SECRET },
      sensitive: { v: true },
    };
    const { findings } = analyzePlan(plan([planned]), { key: 'k' });
    expect(findings[0]?.attributes[0]).toMatchObject({
      kind: 'removed',
      recorded: { sensitive: true },
      actual: null,
    });
  });
});

describe('by their value', () => {
  const holder: Planned = { address: 'a.holder', recorded: { v: SECRET }, sensitive: { v: true } };

  it.each([
    ['whole', SECRET, { sensitive: true }],
    ['inside a text', `x=${SECRET};`, 'x=(sensitive);'],
    ['inside JSON', JSON.stringify({ pw: SECRET }), '{"pw":"(sensitive)"}'],
    ['URL-encoded', `db://u:${encodeURIComponent(SECRET)}@h`, 'db://u:(sensitive)@h'],
    ['in base64', Buffer.from(SECRET).toString('base64'), { sensitive: true }],
  ])('hides a copy elsewhere, %s', (_name, copy, shown) => {
    const planned: Planned = { recorded: { c: 'x' }, actual: { c: copy }, desired: { c: 'x' } };
    const { findings } = analyzePlan(plan([holder, planned]), { key: 'k' });
    expect(findings[0]?.attributes[0]).toMatchObject({ actual: shown, sensitive: true });
    expect(JSON.stringify(findings)).not.toContain(JSON.stringify(SECRET).slice(1, -1));
  });

  it('hides it as the key of a map, and inside a JSON difference', () => {
    const text = shownOf([
      holder,
      {
        recorded: { m: {}, p: '{"a":1}' },
        actual: { m: { [SECRET]: 'x' }, p: JSON.stringify({ a: [SECRET] }) },
        desired: { m: {}, p: '{"a":1}' },
      },
    ]);
    expect(text).not.toContain('S3cr3t');
  });

  it('hides a secret of the stack that no mask covers, in a tag that was copied by hand', () => {
    const copied: Planned = {
      recorded: { tags: { Owner: 'x' } },
      actual: { tags: { Owner: 'x', Note: `use ${SECRET}` } },
      desired: { tags: { Owner: 'x' } },
    };
    const { secrets: _secrets, ...shown } = analyzePlan(plan([copied]), { key: 'k', secrets: [SECRET] });
    expect(shown.findings[0]?.attributes).toMatchObject([{ path: 'tags.Note', actual: 'use (sensitive)' }]);
    expect(JSON.stringify(shown)).not.toContain('0001');
  });

  it('hides short secrets by their path only', () => {
    const short: Planned = { address: 'a.short', recorded: { v: 'abc' }, sensitive: { v: true } };
    expect(
      shownOf([short, { recorded: { c: 'x' }, actual: { c: 'abcdef' }, desired: { c: 'x' } }]),
    ).toContain('abcdef');
  });
});

describe('secrets are found in', () => {
  const block = { type: 'a', name: 'b', mode: 'managed', address: 'a.b' };
  const at = (rest: object): readonly string[] => collectSecrets(plan([], { ...rest }));

  it.each([
    [
      'a sensitive variable',
      {
        variables: { t: { value: SECRET } },
        configuration: { root_module: { variables: { t: { sensitive: true } } } },
      },
    ],
    [
      'its default',
      { configuration: { root_module: { variables: { t: { sensitive: true, default: SECRET } } } } },
    ],
    [
      'an output that changes',
      { output_changes: { o: { actions: ['update'], before: SECRET, after: 'x', before_sensitive: true } } },
    ],
    ['a planned output', { planned_values: { outputs: { o: { sensitive: true, value: SECRET } } } }],
    [
      'prior state in a child module',
      {
        prior_state: {
          values: {
            root_module: {
              child_modules: [{ resources: [{ values: { v: [SECRET] }, sensitive_values: { v: [true] } }] }],
            },
          },
        },
      },
    ],
    [
      'a write-only constant',
      {
        configuration: {
          root_module: { resources: [{ ...block, expressions: { pw_wo: { constant_value: SECRET } } }] },
        },
      },
    ],
    [
      'a secret passed to a module',
      {
        configuration: {
          root_module: {
            module_calls: {
              m: {
                expressions: { t: { constant_value: SECRET } },
                module: { variables: { t: { sensitive: true } } },
              },
            },
          },
        },
      },
    ],
    [
      "a provider's password",
      {
        configuration: { provider_config: { db: { expressions: { password: { constant_value: SECRET } } } } },
      },
    ],
  ])('%s', (_name, rest) => {
    expect(at(rest)).toContain(SECRET);
  });

  it('longest first, without public values', () => {
    const rest = {
      variables: { a: { value: 'public-value' }, b: { value: 'secret-long-1' }, c: { value: 'secret-1' } },
    };
    const sensitive = {
      root_module: { variables: { a: {}, b: { sensitive: true }, c: { sensitive: true } } },
    };
    expect(at({ ...rest, configuration: sensitive })).toEqual(['secret-long-1', 'secret-1']);
  });
});

describe('scrub', () => {
  it('replaces every occurrence, plain and escaped', () => {
    const go = JSON.stringify(SECRET).replace('<', '\\u003c').replace('>', '\\u003e');
    expect(scrub(`a ${SECRET} b ${JSON.stringify(SECRET)} c ${go}`, [SECRET])).toBe(
      'a (sensitive) b "(sensitive)" c "(sensitive)"',
    );
    expect(scrub('nothing', [])).toBe('nothing');
  });

  it('hides the lines of a key that is quoted line by line', () => {
    const key = '-----BEGIN KEY-----\nMIIEvQIBADANBgkqhkiG9w0B\n-----END KEY-----\n';
    const secrets = collectSecrets(plan([{ recorded: { v: key }, sensitive: { v: true } }]));
    expect(scrub('| MIIEvQIBADANBgkqhkiG9w0B', secrets)).toBe('| (sensitive)');
  });
});

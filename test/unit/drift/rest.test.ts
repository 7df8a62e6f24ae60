/** What an apply changes besides the drift that people read first: it is told, and nobody is blamed for it. */
import { describe, expect, it } from 'vitest';
import { analyzePlan } from '../../../src/drift/analyze.ts';
import { besideLines } from '../../../src/drift/beside.ts';
import { sameChange } from '../../../src/drift/change-hash.ts';
import type { Analysis, Finding, Json } from '../../../src/drift/finding.ts';
import type { PlanDocument } from '../../../src/drift/plan-document.ts';
import { readPlan } from '../../../src/drift/read-plan.ts';
import type { Schema } from '../../../src/drift/schema.ts';
import { type Planned, planJson, THING } from '../../support/plan.ts';

const analyze = (resources: readonly Planned[], schema?: Schema): Analysis =>
  analyzePlan(readPlan(JSON.stringify(planJson(resources)), 'p'), {
    key: 'k',
    ...(schema === undefined ? {} : { schema }),
  });

function only(analysis: Analysis): Finding {
  expect(analysis.untold).toEqual([]);
  expect(analysis.findings).toHaveLength(1);
  return analysis.findings[0] as Finding;
}

const rows = (finding: Finding): string[] =>
  finding.attributes.map(({ path, origin }) => `${path} ${origin}`);

const TAGS = { recorded: { Owner: 'a' }, actual: { Owner: 'b' }, desired: { Owner: 'a' } };
const code = (value: Json): Json => ({ constant_value: value });

/** A resource with one tag changed by hand. */
function tagged(
  values: Record<'recorded' | 'actual' | 'desired', { [key: string]: Json }>,
  rest: Planned = {},
) {
  const at = (place: 'recorded' | 'actual' | 'desired') => ({ ...values[place], tags: TAGS[place] });
  return {
    ...{ recorded: at('recorded'), actual: at('actual'), desired: at('desired') },
    ...{ expressions: { tags: code(TAGS.desired) }, ...rest },
  } satisfies Planned;
}

describe('the order of a list in one of several blocks', () => {
  const inOrder = { rule: [{ hosts: ['a', 'b'] }, { hosts: ['c'] }] };
  const swapped = { rule: [{ hosts: ['b', 'a'] }, { hosts: ['c'] }] };

  it('changed by the code is a row beside a tag', () => {
    const finding = only(analyze([tagged({ recorded: inOrder, actual: inOrder, desired: swapped })]));
    expect(rows(finding)).toEqual(['rule code', 'tags.Owner cloud']);
  });

  it("changed by hand is the cloud's", () => {
    const finding = only(analyze([tagged({ recorded: inOrder, actual: swapped, desired: inOrder })]));
    expect(rows(finding)).toEqual(['rule cloud', 'tags.Owner cloud']);
  });

  it('means nothing in a set', () => {
    const schema = {
      at: (_type: string, path: readonly unknown[]) => ({
        ...{ collection: path.length === 3 ? 'set' : 'list', block: path.length === 1 },
        ...{ computed: false, settable: true },
      }),
    } as unknown as Schema;
    const finding = only(analyze([tagged({ recorded: inOrder, actual: inOrder, desired: swapped })], schema));
    expect(rows(finding)).toEqual(['tags.Owner cloud']);
    expect(finding.follows).toEqual(['rule']);
  });

  it('is told beside another element that was changed by hand', () => {
    const finding = only(
      analyze([
        {
          recorded: inOrder,
          actual: { rule: [{ hosts: ['a', 'b'] }, { hosts: ['d'] }] },
          desired: swapped,
          expressions: {},
        },
      ]),
    );
    expect(rows(finding)).toEqual(['rule both', 'rule[*] cloud', 'rule[*] cloud']);
  });
});

it('a block that becomes unknown in part is told beside another that was changed by hand', () => {
  const finding = only(
    analyze([
      {
        recorded: {
          setting: [
            { name: 'a', value: '1' },
            { name: 'b', value: '2' },
          ],
        },
        actual: {
          setting: [
            { name: 'a', value: '9' },
            { name: 'b', value: '2' },
          ],
        },
        desired: { setting: [{ name: 'a', value: '1' }, { name: 'b' }] },
        unknown: { setting: [{}, { value: true }] },
        expressions: {},
      },
    ]),
  );
  expect(rows(finding)).toEqual(['setting both', 'setting[*] cloud', 'setting[*] cloud']);
});

it('elements that stand several times in a list are told by their own rows alone', () => {
  const finding = only(
    analyze([
      { recorded: { s: ['a', 'b', 'b'] }, actual: { s: ['b', 'c'] }, desired: { s: ['a', 'b', 'b'] } },
    ]),
  );
  expect(rows(finding)).toEqual(['s[*] cloud', 's[*] cloud', 's[*] cloud']);
});

it("a tag that the code sets to the provider's default is the code's, and no drift", () => {
  const all = { Name: 'x', Team: 'net' };
  const before = { tags: { Name: 'x' }, tags_all: all };
  const finding = only(analyze([{ recorded: before, desired: { tags: all, tags_all: all } }]));
  expect(finding.origin).toBe('code');
  expect(finding.attributes).toMatchObject([
    { path: 'tags.Team', origin: 'code', kind: 'added', recorded: null, actual: null, desired: 'net' },
  ]);
});

it('a complete map of labels that an update fills in is told under its name', () => {
  const before = { labels: { a: '1' }, effective_labels: null, terraform_labels: null };
  const desired = { labels: { a: '1' }, effective_labels: { a: '1' }, terraform_labels: { a: '1' } };
  expect(only(analyze([{ recorded: before, desired }])).action).toBe('update');
});

describe('an update of equal values', () => {
  const plan = (masks: { readonly before: Json; readonly after: Json }): Analysis => {
    const values = { id: 'i', password: 'pass-word' };
    const document = planJson([{ recorded: values, actions: ['update'] }]) as PlanDocument;
    const [entry] = document.resource_changes as unknown as { change: { [key: string]: Json } }[];
    if (entry === undefined) throw new Error('the plan has one change');
    entry.change.before_sensitive = masks.before;
    entry.change.after_sensitive = masks.after;
    return analyzePlan(readPlan(JSON.stringify(document), 'p'), { key: 'k' });
  };

  it('that marks one as sensitive is counted, and is no finding', () => {
    const analysis = plan({ before: {}, after: { password: true } });
    expect(analysis).toMatchObject({ findings: [], untold: [], changes: [{ effect: 'spelling' }] });
    expect(besideLines(analysis.changes, analysis.findings)).toEqual([
      {
        words: '1 resource only spelled anew, with equal values',
        items: [`what counts as sensitive of ${THING}`],
      },
    ]);
    const [marked, unmarked] = [analysis, plan({ before: { password: true }, after: {} })].map(
      ({ changes }) => changes[0]?.hash ?? '',
    );
    expect(sameChange(marked ?? '', unmarked ?? '')).toBe(false);
  });

  it('without any difference is told by nothing, so a person decides it', () => {
    expect(plan({ before: {}, after: {} }).untold).toEqual([THING]);
  });
});

it('an output whose mask covers a part of it is secret as a whole', () => {
  const change = {
    actions: ['update'],
    ...{ before: { key: ['old-secret-1'] }, after: { key: ['new-secret-1'] }, after_unknown: false },
    ...{ before_sensitive: { key: [true] }, after_sensitive: {} },
  };
  const document = planJson([{ recorded: { a: 'x' }, desired: { a: 'new-secret-1' } }], {
    output_changes: { o: change },
  });
  const { outputs, findings } = analyzePlan(readPlan(JSON.stringify(document), 'p'), { key: 'k' });
  expect(outputs).toEqual([{ name: 'o', action: 'update', sensitive: true }]);
  expect(JSON.stringify(findings)).not.toContain('new-secret-1');
});

it('an invocation whose configuration becomes unknown is another planned change', () => {
  const hashWith = (unknown: Json): string => {
    const invocation = {
      address: 'action.a.b',
      type: 'a',
      name: 'b',
      config_values: {},
      config_unknown: unknown,
    };
    const document = planJson([], { action_invocations: [invocation] });
    return analyzePlan(readPlan(JSON.stringify(document), 'p'), { key: 'k' }).changes[0]?.hash ?? '';
  };
  expect(sameChange(hashWith({}), hashWith({ target: true }))).toBe(false);
});

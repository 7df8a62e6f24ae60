/** Which findings can't be applied apart from each other. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { analyzePlan } from '../../../src/drift/analyze.ts';
import { coupledFindings } from '../../../src/drift/coupled.ts';
import type { Finding, Json } from '../../../src/drift/finding.ts';
import type { PlanDocument } from '../../../src/drift/plan-document.ts';
import { readPlan } from '../../../src/drift/read-plan.ts';

interface Code {
  readonly resources?: readonly Json[];
  readonly outputs?: Readonly<Record<string, Json>>;
  readonly modules?: Readonly<Record<string, Json>>;
}

const refs = (...references: readonly string[]): Json => ({ references: [...references] });

/** A block of a module's code: its expressions by attribute, and what else it has. */
function block(address: string, expressions: Json = {}, more: { readonly [key: string]: Json } = {}): Json {
  const data = address.startsWith('data.');
  const [type = '', name = ''] = address.replace(/^data\./, '').split('.');
  return { address, mode: data ? 'data' : 'managed', type, name, expressions, ...more };
}

function code({ resources = [], outputs = {}, modules = {} }: Code): Json {
  return { resources: [...resources], outputs: { ...outputs }, module_calls: { ...modules } };
}

function call(inside: Code, expressions: Json = {}, more: { readonly [key: string]: Json } = {}): Json {
  return { module: code(inside), expressions, ...more };
}

/** The groups of the findings; `prior` lists what the state recorded that each resource depends on. */
function groups(
  changes: Readonly<Record<string, Finding['action']>>,
  of: Code,
  prior: Readonly<Record<string, readonly string[]>> = {},
): readonly (readonly string[])[] {
  const document = {
    configuration: { root_module: code(of) },
    prior_state: {
      values: {
        root_module: {
          resources: Object.entries(prior).map(([address, needs]) => ({ address, depends_on: [...needs] })),
        },
      },
    },
  };
  const findings = Object.entries(changes).map(
    ([address, action]) => ({ address, action, actionable: action !== 'none' }) as Finding,
  );
  return coupledFindings(document as unknown as PlanDocument, findings);
}

const AB = [['a.a', 'b.b']];
const BOTH = { 'a.a': 'replace', 'b.b': 'update' } as const;

describe('findings that depend on each other are one group', () => {
  it.each<[string, Code]>([
    ['by a reference', { resources: [block('a.a'), block('b.b', { input: refs('a.a.id', 'a.a') })] }],
    [
      'by a reference inside a nested block',
      { resources: [block('a.a'), block('b.b', { rule: [{ to: refs('a.a[0].id', 'a.a[0]', 'a.a') }] })] },
    ],
    ['by depends_on', { resources: [block('a.a'), block('b.b', {}, { depends_on: ['a.a'] })] }],
    [
      'by for_each',
      { resources: [block('a.a'), block('b.b', {}, { for_each_expression: refs('a.a.ids', 'a.a') })] },
    ],
    ['by count', { resources: [block('a.a'), block('b.b', {}, { count_expression: refs('a.a.n', 'a.a') })] }],
    [
      'through a resource that does not change',
      { resources: [block('a.a'), block('m.m', { x: refs('a.a.id') }), block('b.b', { x: refs('m.m.id') })] },
    ],
    [
      'through a data source',
      {
        resources: [
          block('a.a'),
          block('data.d.d', { x: refs('a.a.id') }),
          block('b.b', { x: refs('data.d.d.value', 'data.d.d') }),
        ],
      },
    ],
    ['whichever of them destroys', { resources: [block('b.b'), block('a.a', { x: refs('b.b.id') })] }],
  ])('%s', (_how, of) => {
    expect(groups(BOTH, of)).toEqual(AB);
  });

  it('through the variables and outputs of modules', () => {
    const net = { resources: [block('a.a')], outputs: { id: { expression: refs('a.a.id', 'a.a') } } };
    const app = { resources: [block('b.b', { x: refs('var.net') })] };
    const modules = { net: call(net), app: call(app, { net: refs('module.net.id', 'module.net') }) };
    const changes = { 'module.net.a.a': 'replace', 'module.app.b.b["x.y"]': 'update' } as const;
    expect(groups(changes, { modules })).toEqual([['module.app.b.b["x.y"]', 'module.net.a.a']]);
  });

  it('through all of a module, if no output of it is named', () => {
    const net = call({ resources: [block('a.a')], outputs: { id: { expression: refs('a.a.id', 'a.a') } } });
    const b = (...references: string[]) => [block('b.b', { x: refs(...references) })];
    const changes = { 'module.net["k"].a.a': 'replace', 'b.b': 'update' } as const;
    const all = groups(changes, { resources: b('module.net'), modules: { net } });
    expect(all).toEqual([['b.b', 'module.net["k"].a.a']]);
    const other = b('module.net["k"].name', 'module.net["k"]', 'module.net');
    expect(groups(changes, { resources: other, modules: { net } })).toEqual([]);
  });

  it('through modules inside modules', () => {
    const inner = call({ resources: [block('b.b', { x: refs('var.one') })] }, { one: refs('var.two') });
    const modules = { outer: call({ modules: { inner } }, { two: refs('a.a.id', 'a.a') }) };
    const changes = { 'a.a': 'delete', 'module.outer.module.inner.b.b': 'update' } as const;
    expect(groups(changes, { resources: [block('a.a')], modules })).toEqual([
      ['a.a', 'module.outer.module.inner.b.b'],
    ]);
  });

  it('by depends_on of a whole module, in both directions', () => {
    const inside = { resources: [block('a.a')] };
    const needsModule = {
      resources: [block('b.b', {}, { depends_on: ['module.net'] })],
      modules: { net: call(inside) },
    };
    const changes = { 'module.net.a.a': 'replace', 'b.b': 'update' } as const;
    expect(groups(changes, needsModule)).toEqual([['b.b', 'module.net.a.a']]);
    const moduleNeeds = {
      resources: [block('b.b')],
      modules: { net: call(inside, {}, { depends_on: ['b.b'] }) },
    };
    expect(groups(changes, moduleNeeds)).toEqual([['b.b', 'module.net.a.a']]);
  });

  it('as the state recorded it, also where the code names only a local or is gone', () => {
    const local = { resources: [block('a.a'), block('b.b', { x: refs('local.a') })] };
    expect(groups(BOTH, local)).toEqual([]);
    expect(groups(BOTH, local, { 'b.b': ['a.a'] })).toEqual(AB);
    expect(groups({ 'a.a[0]': 'delete', 'b.b["k"]': 'delete' }, {}, { 'b.b["k"]': ['a.a'] })).toEqual([
      ['a.a[0]', 'b.b["k"]'],
    ]);
  });

  it('together with those that depend on the same one', () => {
    const of = {
      resources: [block('a.a'), block('b.b', { x: refs('a.a.id') }), block('c.c', { x: refs('a.a.id') })],
    };
    const changes = { 'c.c': 'update', 'a.a': 'replace', 'b.b': 'delete', 'z.z': 'delete' } as const;
    expect(groups(changes, of)).toEqual([['a.a', 'b.b', 'c.c']]);
  });
});

describe('findings that do not depend on each other are in no group', () => {
  const apart = { resources: [block('a.a'), block('b.b'), block('m.m', { x: refs('a.a.id', 'b.b.id') })] };

  it('also if an unchanged resource depends on both, or the names are alike', () => {
    expect(groups(BOTH, apart)).toEqual([]);
    const alike = { resources: [block('a.a'), block('a.ab'), block('b.b', { x: refs('a.ab.id') })] };
    expect(groups(BOTH, alike)).toEqual([]);
  });

  it('and variables, locals, paths and each are no resources', () => {
    const x = refs('var.a', 'local.a', 'path.module', 'each.key', 'count.index', 'terraform.workspace');
    expect(groups(BOTH, { resources: [block('a.a'), block('b.b', { x })] })).toEqual([]);
  });

  it('nor is there any where nothing is destroyed, or only what no apply touches', () => {
    const of = { resources: [block('a.a'), block('b.b', { x: refs('a.a.id') })] };
    expect(groups({ 'a.a': 'update', 'b.b': 'update' }, of)).toEqual([]);
    expect(groups({ 'a.a': 'none', 'b.b': 'delete' }, of)).toEqual([]);
  });

  it('and a circle in what the code says ends', () => {
    const of = {
      resources: [
        block('m.m', { x: refs('n.n.id') }),
        block('n.n', { x: refs('m.m.id') }),
        block('b.b', { x: refs('m.m.id') }),
      ],
    };
    expect(groups(BOTH, of)).toEqual([]);
  });
});

/**
 * Made with Terraform 1.11.4 from the code beside it: applied, then planned with `-var size=2`. What `terraform plan
 * -target` takes along of it: direct, through, local → db; server → vpc; audit → vpc; all others nothing.
 */
it('a real plan: as -target of Terraform takes it along', () => {
  const text = readFileSync(join(import.meta.dirname, 'coupled/plan.json'), 'utf8');
  const analysis = analyzePlan(readPlan(text, 'plan.json'), { key: 'k' });
  expect(analysis.findings.filter((f) => f.actionable)).toHaveLength(11);
  expect(analysis.coupled).toEqual([
    [
      'module.app.terraform_data.server["a"]',
      'module.app.terraform_data.server["b.c"]',
      'module.net.terraform_data.vpc',
      'terraform_data.audit',
    ],
    ['terraform_data.db', 'terraform_data.direct', 'terraform_data.local', 'terraform_data.through'],
  ]);
});

/** The dashboard and the alert rules: each query is PromQL, and asks for metrics and labels that m0 has. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parser } from '@prometheus-io/lezer-promql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { Core, stackWith } from '../support/core.ts';
import type { Exposition } from '../support/exposition.ts';
import { type HttpEndpoints, startEndpoints } from '../support/http-endpoints.ts';

const read = (path: string): string =>
  readFileSync(fileURLToPath(new URL(`../../manifests/${path}`, import.meta.url)), 'utf8');

/** Labels that Prometheus itself adds. */
const ADDED = ['job', 'instance', 'le'];
/** Metrics that Prometheus itself makes. */
const OF_PROMETHEUS = ['up'];

let core: Core;
let endpoints: HttpEndpoints;
let seen: Exposition;
beforeAll(async () => {
  core = await Core.open([stackWith()]);
  endpoints = await startEndpoints(core);
  await core.check('push');
  seen = await endpoints.scrape();
});
afterAll(async () => {
  await endpoints.close();
  await core.close();
});

interface Asked {
  readonly metric: string;
  readonly matchers: readonly (readonly [label: string, operator: string, value: string])[];
}

/** Grafana puts values in the place of its variables. */
const withValues = (expr: string): string =>
  expr.replaceAll(/\$__(rate_)?interval/g, '5m').replaceAll('$job', 'm0');

/** The selectors in a query, or an error where it is no PromQL. */
function selectorsIn(expr: string): readonly Asked[] {
  const text = withValues(expr);
  const selectors: Asked[] = [];
  parser.parse(text).iterate({
    enter(node) {
      if (node.type.isError) throw new Error(`${expr}: no PromQL at ${node.from}: ${text.slice(node.from)}`);
      if (node.name !== 'VectorSelector') return;
      const [, metric = '', inner = ''] =
        /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})?$/s.exec(text.slice(node.from, node.to)) ?? [];
      const matchers = [...inner.matchAll(/(\w+)\s*(=~|!=|!~|=)\s*"([^"]*)"/g)].map(
        ([, label = '', operator = '', value = '']) => [label, operator, value] as const,
      );
      selectors.push({ metric, matchers });
    },
  });
  if (selectors.length === 0) throw new Error(`${expr}: asks for no metric`);
  return selectors;
}

/** What is wrong with a query. */
function problemsOf(expr: string): readonly string[] {
  return selectorsIn(expr).flatMap(({ metric, matchers }) => {
    if (OF_PROMETHEUS.includes(metric)) return [];
    const samples = seen.samples.filter((sample) => sample.name === metric);
    if (samples.length === 0) return [`${metric}: m0 has no such metric`];
    return matchers.flatMap(([label, operator, value]) => {
      if (ADDED.includes(label)) return [];
      const values = new Set(samples.map((sample) => sample.labels[label]));
      if (values.has(undefined)) return [`${metric}: has no label ${label}`];
      const wanted = operator.endsWith('~') ? value.split('|') : [value];
      return wanted.filter((one) => !values.has(one)).map((one) => `${metric}: ${label} is never ${one}`);
    });
  });
}

const Rule = z.strictObject({
  alert: z.string().regex(/^M0[A-Z][A-Za-z]+$/),
  expr: z.string(),
  for: z
    .string()
    .regex(/^\d+[smhd]$/)
    .optional(),
  labels: z.strictObject({ severity: z.enum(['critical', 'warning', 'info']) }),
  annotations: z.strictObject({ summary: z.string().min(5), description: z.string().min(10) }),
});
const Rules = z.strictObject({
  groups: z.array(z.strictObject({ name: z.string(), rules: z.array(Rule).min(1) })).min(1),
});

describe('the alert rules', () => {
  const rules = Rules.parse(parse(read('prometheus/m0.rules.yaml'))).groups.flatMap((group) => group.rules);

  it.each(rules.map((rule) => [rule.alert, rule] as const))('%s', (_, { expr, annotations }) => {
    expect(problemsOf(expr)).toEqual([]);
    const labels = [...JSON.stringify(annotations).matchAll(/\$labels\.(\w+)/g)].map(([, label]) => label);
    const [first] = selectorsIn(expr);
    const has = Object.keys(seen.samples.find(({ name }) => name === first?.metric)?.labels ?? {});
    for (const label of labels) expect(has).toContain(label);
  });

  it('each name is there once', () => {
    expect(new Set(rules.map(({ alert }) => alert)).size).toBe(rules.length);
  });

  it('a wrong query is found', () => {
    expect(() => problemsOf('m0_stacks{state="drifted"')).toThrow('no PromQL');
    expect(() => problemsOf('sum by (m0_stacks')).toThrow('no PromQL');
    expect(problemsOf('m0_stack > 0')).toEqual(['m0_stack: m0 has no such metric']);
    expect(problemsOf('m0_stacks{stat="drifted"}')).toEqual(['m0_stacks: has no label stat']);
    expect(problemsOf('m0_stacks{state=~"drifted|drifting"}')).toEqual([
      'm0_stacks: state is never drifting',
    ]);
  });
});

const Datasource = z.strictObject({ type: z.literal('prometheus'), uid: z.literal(`\${datasource}`) });
const Target = z.strictObject({
  refId: z.string().regex(/^[A-Z]$/),
  datasource: Datasource,
  expr: z.string(),
  legendFormat: z.string().optional(),
});
const GridPos = z.strictObject({
  ...{ x: z.number().min(0), y: z.number().min(0), w: z.number().min(1).max(24), h: z.number().min(1) },
});
const Panel = z.discriminatedUnion('type', [
  z.strictObject({
    ...{ id: z.number(), type: z.literal('row'), title: z.string(), collapsed: z.literal(false) },
    ...{ gridPos: GridPos, panels: z.array(z.never()) },
  }),
  ...(['stat', 'timeseries', 'table'] as const).map((type) =>
    z.strictObject({
      ...{ id: z.number(), type: z.literal(type), title: z.string(), description: z.string().min(5) },
      ...{ datasource: Datasource, gridPos: GridPos, targets: z.array(Target).min(1) },
      fieldConfig: z.strictObject({
        defaults: z.looseObject({ unit: z.enum(['short', 's', 'bytes']) }),
        overrides: z.array(z.never()),
      }),
      options: z.looseObject({}).optional(),
    }),
  ),
]);
const Dashboard = z.strictObject({
  ...{ uid: z.string().max(40), title: z.string(), description: z.string(), tags: z.array(z.string()) },
  ...{ schemaVersion: z.number().min(36), version: z.number(), editable: z.boolean() },
  ...{ graphTooltip: z.number(), timezone: z.string(), refresh: z.string() },
  time: z.strictObject({ from: z.string(), to: z.string() }),
  templating: z.strictObject({ list: z.array(z.looseObject({ name: z.string(), type: z.string() })) }),
  annotations: z.strictObject({ list: z.array(z.looseObject({ name: z.string(), expr: z.string() })) }),
  links: z.array(z.never()),
  panels: z.array(Panel).min(10),
});

describe('the dashboard', () => {
  const dashboard = Dashboard.parse(JSON.parse(read('grafana/m0.json')));
  const panels = dashboard.panels.flatMap((panel) => (panel.type === 'row' ? [] : [panel]));

  it.each(panels.map((panel) => [panel.title, panel] as const))('%s', (_, { targets }) => {
    for (const { expr, legendFormat = '' } of targets) {
      expect(problemsOf(expr)).toEqual([]);
      const [first] = selectorsIn(expr);
      const labels = [...legendFormat.matchAll(/\{\{(\w+)\}\}/g)].map(([, label]) => label);
      const has = Object.keys(seen.samples.find(({ name }) => name === first?.metric)?.labels ?? {});
      for (const label of labels) expect(has).toContain(label);
      // It may watch more than one m0.
      expect(expr).toContain('job="$job"');
    }
  });

  it('its annotations are queries too, and its variables are those that it uses', () => {
    for (const { expr } of dashboard.annotations.list) expect(problemsOf(expr)).toEqual([]);
    expect(dashboard.templating.list.map(({ name }) => name)).toEqual(['datasource', 'job']);
  });

  it('no two panels overlap, and each has an id of its own', () => {
    expect(new Set(dashboard.panels.map(({ id }) => id)).size).toBe(dashboard.panels.length);
    const cells = dashboard.panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, i) => `${x + (i % w)},${y + Math.floor(i / w)}`),
    );
    expect(new Set(cells).size).toBe(cells.length);
    for (const { gridPos } of dashboard.panels) expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24);
  });
});

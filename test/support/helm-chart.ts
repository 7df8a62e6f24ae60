/** The chart manifests/helm/m0 as tests read it. */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { z } from 'zod';

export const CHART = fileURLToPath(new URL('../../manifests/helm/m0', import.meta.url));

type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** The text of a file of the chart. */
export const chartFile = (name: string): string => readFileSync(`${CHART}/${name}`, 'utf8');

/** The texts of all templates. */
export const templates = (): readonly string[] =>
  readdirSync(`${CHART}/templates`, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(yaml|tpl|txt)$/.test(name))
    .map((name) => chartFile(`templates/${name}`));

/** The default values. */
export const defaultValues = (): { readonly [key: string]: Json } =>
  parse(chartFile('values.yaml')) as { readonly [key: string]: Json };

const schema = z.fromJSONSchema(
  JSON.parse(chartFile('values.schema.json')) as Parameters<typeof z.fromJSONSchema>[0],
);

/** What the chart's schema says against the values, one line each. */
export function valueProblems(values: unknown): readonly string[] {
  const { error } = schema.safeParse(values);
  return (error?.issues ?? []).map(({ path, message }) => `${path.join('.')}: ${message}`);
}

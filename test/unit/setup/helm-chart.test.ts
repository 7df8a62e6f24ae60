/** The chart and compose.yaml agree with m0: variables, secrets, rights, ports, paths, times and versions. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { createLogger } from '../../../src/base/log.ts';
import { isCliCommand } from '../../../src/cli/commands.ts';
import { OWN_SECRETS, VARIABLES } from '../../../src/config/variables.ts';
import { startHttp } from '../../../src/http/server.ts';
import { DEFAULT_LIMITS } from '../../../src/model/limits.ts';
import { chartFile, defaultValues, templates, valueProblems } from '../../support/helm-chart.ts';

const file = (name: string): string =>
  readFileSync(fileURLToPath(new URL(`../../../${name}`, import.meta.url)), 'utf8');
const { version } = JSON.parse(file('package.json')) as { readonly version: string };
const ALL = templates().join('\n');
/** For a tool to save the state after its time is over: `APPLY_GRACE_MS` of the runner. */
const GRACE_MS = 5 * 60_000;
const UNIT_CAPABILITIES = /^CapabilityBoundingSet=(.*)$/m
  .exec(file('manifests/systemd/m0.service'))?.[1]
  ?.split(' ')
  .map((name) => name.replace('CAP_', ''));

const pathsOf = (text: string): readonly string[] => [
  ...new Set([...text.matchAll(/path: (\/[a-z]+)\b/g)].map(([, path = '']) => path)),
];

describe('the values', () => {
  it('are taken by the schema', () => {
    expect(valueProblems(defaultValues())).toEqual([]);
    expect(valueProblems({ global: {}, standby: true, database: { kind: 'postgresql' } })).toEqual([]);
  });

  it('with a misspelled key are refused, wherever it is', () => {
    type Part = { readonly additionalProperties?: unknown; readonly properties?: Record<string, Part> };
    const closed = (part: Part, at: readonly string[]): readonly (readonly string[])[] => [
      ...(part.additionalProperties === false ? [at] : []),
      ...Object.entries(part.properties ?? {}).flatMap(([key, below]) => closed(below, [...at, key])),
    ];
    const places = closed(JSON.parse(chartFile('values.schema.json')) as Part, []);
    expect(places.length).toBeGreaterThan(15);
    for (const at of places) {
      const values = [...at].reverse().reduce<object>((below, key) => ({ [key]: below }), { misspeled: 1 });
      expect(valueProblems(values).join(), at.join('.')).toContain('misspeled');
    }
  });

  it.each([
    { database: { kind: 'mysql' } },
    { user: 'm0' },
    { data: { accessMode: 'ReadWriteMany' } },
    { ingress: { paths: ['/metrics'] } },
    { concurrency: 0 },
    { env: { 'NOT A NAME': 'x' } },
    { tokens: [{ name: 'aws' }] },
    { secrets: { name: 'Not_A_Name' } },
  ])('%j is refused', (values) => {
    expect(valueProblems(values)).not.toEqual([]);
  });

  it('are all used by a template', () => {
    const leaves = (value: unknown, at: string): readonly string[] =>
      typeof value === 'object' && value !== null && !Array.isArray(value) && Object.keys(value).length > 0
        ? Object.entries(value).flatMap(([key, below]) => leaves(below, `${at}.${key}`))
        : [at];
    const unused = leaves(defaultValues(), '').filter(
      (at) => !new RegExp(`\\.${at.split('.').at(-1)}\\b`).test(ALL) && !at.startsWith('.resources.'),
    );
    expect(unused).toEqual([]);
  });
});

it('the chart and compose.yaml have the version of m0', () => {
  const chart = parse(chartFile('Chart.yaml')) as { readonly version: string; readonly appVersion: string };
  expect([chart.version, chart.appVersion]).toEqual([version, version]);
  const tags = [...file('manifests/compose.yaml').matchAll(/image: m0:(\S+)/g)].map(([, tag]) => tag);
  expect(new Set(tags)).toEqual(new Set([version]));
});

it('the chart sets only variables that m0 has, and HOME', () => {
  const set = [...ALL.matchAll(/name: ([A-Z][A-Z0-9_]+)\b/g)].map(([, name = '']) => name);
  expect(set).toContain('M0_WAIT_FOR_OWNER');
  expect(set.filter((name) => name !== 'HOME' && !(name in VARIABLES))).toEqual([]);
});

it('the chart takes secrets only from a Secret, and refuses what it sets itself', () => {
  const list = (name: string): readonly string[] =>
    [
      ...(
        new RegExp(`\\$${name} := list (.*)\\}\\}`).exec(chartFile('templates/refusals.yaml'))?.[1] ?? ''
      ).matchAll(/"(\w+)"/g),
    ].map(([, word = '']) => word);
  expect([...list('secret')].sort()).toEqual([...OWN_SECRETS].sort());
  const set = [...chartFile('templates/_pod.tpl').matchAll(/name: ([A-Z][A-Z0-9_]+)\b/g)];
  const own = new Set(set.map(([, name]) => name).filter((name) => name !== 'M0_DATABASE_URL'));
  expect(new Set(list('own'))).toEqual(own);
});

it('m0 gets the rights of the unit for systemd, which are those that it needs for users of stacks', () => {
  expect(UNIT_CAPABILITIES).toHaveLength(6);
  const added = /add: \[(.*)\]/.exec(chartFile('templates/_pod.tpl'))?.[1]?.split(', ');
  expect(added).toEqual(UNIT_CAPABILITIES);
});

it('an apply that has begun may end', () => {
  const seconds = Number(defaultValues().terminationGracePeriodSeconds);
  expect(seconds * 1000).toBeGreaterThanOrEqual(DEFAULT_LIMITS.applyMs + GRACE_MS);
});

it('the probes and the monitor ask the port and the paths that m0 has', async () => {
  const port = /^ENV .*PORT=(\d+)/m.exec(file('Dockerfile'))?.[1];
  const ports = [...ALL.matchAll(/(?:containerPort|name: PORT, value|port): "?(\d{4,})/g)].map(([, n]) => n);
  expect(new Set(ports)).toEqual(new Set([port]));
  const paths = pathsOf(ALL);
  expect([...paths].sort()).toEqual(['/healthz', '/metrics', '/readyz']);
  const http = await startHttp({
    ...{ host: '127.0.0.1', port: 0, log: createLogger('silent'), routes: [] },
    ready: async () => ({ ok: true, problems: [] }),
    metrics: async () => '',
  });
  try {
    for (const path of paths) expect((await fetch(`${http.url}${path}`)).status, path).toBe(200);
  } finally {
    await http.close();
  }
});

it('the ingress publishes only the endpoints of chats and Git servers', () => {
  const documented = [...file('docs/reference/http.md').matchAll(/^\| `POST (\S+)` \| (?!accepts)/gm)];
  const posts = new Set(documented.map(([, path]) => path));
  const { paths } = defaultValues().ingress as { readonly paths: readonly string[] };
  expect(new Set(paths)).toEqual(posts);
});

it('the jobs run commands of m0', () => {
  const commands = [...ALL.matchAll(/"args" \(list ((?:"\w+" ?)+)\)/g)].map(([, words = '']) =>
    words.replaceAll('"', ''),
  );
  expect(commands).toEqual(['config check', 'db migrate']);
  for (const command of commands) expect(isCliCommand(command.split(' ')[0] ?? '')).toBe(true);
});

it('the alert rules of the chart are those of manifests/prometheus', () => {
  expect(chartFile('files/m0.rules.yaml')).toBe(file('manifests/prometheus/m0.rules.yaml'));
});

describe('compose.yaml', () => {
  interface Service {
    readonly cap_add?: readonly string[];
    readonly cap_drop?: readonly string[];
    readonly environment?: Readonly<Record<string, string>>;
    readonly healthcheck?: { readonly test?: readonly string[] };
    readonly stop_grace_period?: string;
    readonly ports?: readonly string[];
  }
  const { services } = parse(file('manifests/compose.yaml'), { merge: true }) as {
    readonly services: Readonly<Record<string, Service>>;
  };
  const m0 = services.m0 ?? {};

  it('gives m0 variables that it has, and those of the S3 client', () => {
    const names = Object.keys(m0.environment ?? {});
    expect(names.filter((name) => !(name in VARIABLES) && !/^(HOME|AWS_\w+)$/.test(name))).toEqual([]);
  });

  it('makes the key of saved plans with the command of the reference, because m0 refuses keys in another form', () => {
    const [, command = 'none'] = /M0_ARTIFACT_KEY from (`[^`]+`)/.exec(file('manifests/compose.yaml')) ?? [];
    expect(VARIABLES.M0_ARTIFACT_KEY.help).toContain(command);
  });

  it('gives m0 the same rights, and an apply time to end', () => {
    expect(m0.cap_drop).toEqual(['ALL']);
    expect(m0.cap_add).toEqual(UNIT_CAPABILITIES);
    const minutes = Number(/^(\d+)m$/.exec(m0.stop_grace_period ?? '')?.[1]);
    expect(minutes * 60_000).toBeGreaterThanOrEqual(DEFAULT_LIMITS.applyMs + GRACE_MS);
  });

  it('publishes m0 on this machine only, and has no password in it', () => {
    expect(Object.values(services).flatMap(({ ports = [] }) => ports)).toEqual(['127.0.0.1:3978:3978']);
    const secret = /PASSWORD|SECRET|_KEY/;
    const values = Object.values(services).flatMap(({ environment = {} }) => Object.entries(environment));
    for (const [name, value] of values) if (secret.test(name)) expect(value).toMatch(/^\$\{\w+:\?/);
  });

  it('looks at the health of all that keep running', () => {
    for (const name of ['m0', 'database', 'plans']) {
      expect(services[name]?.healthcheck?.test?.[0], name).toBe('CMD');
    }
  });
});

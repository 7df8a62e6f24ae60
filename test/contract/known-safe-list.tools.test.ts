/** The list of known-safe-auto against the real AWS provider's schema, and its copy of what tags-auto says of tags. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { testTools } from '../support/cloud.ts';

const SHIPPED = fileURLToPath(new URL('../../policies', import.meta.url));
const AWS = 'registry.terraform.io/hashicorp/aws';

interface Group {
  readonly why: string;
  readonly zero?: string;
  readonly attributes: Readonly<Record<string, readonly string[]>>;
}
type Provider = Readonly<Partial<Record<'texts' | 'raises', readonly Group[]>>>;
interface Attribute {
  readonly type: unknown;
  readonly optional?: boolean;
  readonly required?: boolean;
  readonly sensitive?: boolean;
  readonly deprecated?: boolean;
}

let list: Readonly<Record<string, Provider>>;
let noMetadata: readonly string[];
/** The attributes of each resource type of the AWS provider. */
let resources: ReadonlyMap<string, Readonly<Record<string, Attribute>>>;
const dir = await mkdtemp(join(tmpdir(), 'm0-known-safe-'));
afterAll(() => rm(dir, { recursive: true, force: true }));

beforeAll(async () => {
  const { opa, terraform, terraformCliConfig } = await testTools();
  if (terraform === null) throw new Error('the list is compared with the AWS provider: this needs Terraform');
  const folder = join(SHIPPED, 'known-safe-auto');
  const value = async (query: string): Promise<unknown> =>
    JSON.parse(
      (await execa(opa, ['eval', '--format', 'raw', '--data', folder, query], { timeout: 20_000 })).stdout,
    ) as unknown;
  list = (await value('data.known_safe')) as typeof list;
  noMetadata = (await value('data.m0.no_metadata')) as typeof noMetadata;

  await writeFile(
    join(dir, 'main.tf'),
    'terraform {\n  required_providers {\n    aws = { source = "hashicorp/aws", version = "~> 5.0" }\n  }\n}\n',
  );
  const run = async (...args: string[]): Promise<string> =>
    (
      await execa(terraform, args, {
        cwd: dir,
        env: { TF_CLI_CONFIG_FILE: terraformCliConfig, TF_IN_AUTOMATION: '1' },
        timeout: 90_000,
        maxBuffer: 100_000_000,
      })
    ).stdout;
  await run('init', '-backend=false', '-input=false', '-no-color');
  const schemas = JSON.parse(await run('providers', 'schema', '-json')) as {
    readonly provider_schemas: Readonly<
      Record<
        string,
        {
          readonly resource_schemas: Readonly<
            Record<string, { readonly block: { readonly attributes?: Readonly<Record<string, Attribute>> } }>
          >;
        }
      >
    >;
  };
  const found = Object.entries(schemas.provider_schemas[AWS]?.resource_schemas ?? {});
  resources = new Map(found.map(([type, { block }]) => [type, block.attributes ?? {}]));
}, 120_000);

/** `TYPE PATH` of each entry. */
function entries(kind: 'texts' | 'raises'): readonly (readonly [string, string])[] {
  return Object.values(list).flatMap((provider) =>
    (provider[kind] ?? []).flatMap((group) =>
      Object.entries(group.attributes).flatMap(([type, paths]) => paths.map((path) => [type, path] as const)),
    ),
  );
}

it('has no entry twice, and a reason for each', () => {
  const all = [...entries('texts'), ...entries('raises')].map((pair) => pair.join(' '));
  expect(all.length).toBeGreaterThan(350);
  expect(all.filter((one, i) => all.indexOf(one) !== i)).toEqual([]);
  const groups = Object.values(list).flatMap((p) => [...(p.texts ?? []), ...(p.raises ?? [])]);
  expect(groups.filter((group) => group.why.length < 30)).toEqual([]);
});

it.each([
  ['texts', 'string'],
  ['raises', 'number'],
] as const)('AWS: what is under %s can be set, is a %s, and is no secret', (kind, type) => {
  const aws = entries(kind).filter(([resource]) => resource.startsWith('aws_'));
  expect(aws.length).toBeGreaterThan(10);
  const wrong = aws.filter(([resource, path]) => {
    const attribute = resources.get(resource)?.[path];
    const settable = attribute?.optional === true || attribute?.required === true;
    return attribute?.type !== type || !settable || attribute.sensitive || attribute.deprecated;
  });
  expect(wrong).toEqual([]);
});

it('AWS: each beginning of a type whose tags are no metadata is one of the provider', () => {
  const types = [...resources.keys()];
  const unknown = noMetadata
    .filter((prefix) => prefix.startsWith('aws_'))
    .filter((prefix) => !types.some((type) => type.startsWith(prefix)));
  expect(unknown).toEqual([]);
});

it('AWS: `tags` is a map of texts wherever it is an attribute', () => {
  const odd = [...resources].filter(
    ([, { tags }]) => tags !== undefined && JSON.stringify(tags.type) !== '["map","string"]',
  );
  expect(odd.map(([type]) => type)).toEqual([]);
});

it('contains what tags-auto says of tags, word for word', async () => {
  const read = (name: string): Promise<string> => readFile(join(SHIPPED, name), 'utf8');
  const [, copy = ''] = (await read('known-safe-auto/metadata.rego')).split('package m0\n');
  expect(copy.length).toBeGreaterThan(5000);
  expect((await read('tags-auto/tags_auto.rego')).endsWith(copy)).toBe(true);
});

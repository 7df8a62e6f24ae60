/** Samples: new nested blocks and attributes that only the provider's schema tells apart. */
import type { Sample } from './sample.ts';
import { block, both, computed, optional, schemaWith, TERRAFORM_DATA } from './schemas.ts';

const THING = schemaWith(
  'aws_thing',
  {
    name: optional('string'),
    nested: {
      optional: true,
      nested_type: {
        nesting_mode: 'single',
        attributes: { size: optional('number'), id: computed('string'), mode: optional('string') },
      },
    },
    nested_list: {
      optional: true,
      nested_type: {
        nesting_mode: 'list',
        attributes: { size: optional('number'), mode: optional('string') },
      },
    },
    maps: optional(['list', ['map', 'string']]),
    objects: both(['list', ['object', { size: 'number' }]]),
  },
  {
    single: block('single', { size: optional('number'), id: computed('string') }),
    list: block(
      'list',
      { size: optional('number'), volume_id: computed('string') },
      { inner: block('single', { mode: optional('string') }), deep: block('list', { on: optional('bool') }) },
    ),
  },
);
const NOT_HERE = 'no provider on this machine has such a resource in its API';

function thing(id: string, name: string, actual: Sample['desired'], added: string): Sample {
  const head = `resource "aws_thing" "${id}" {\n  name = "x"\n}\n`;
  return {
    ...{
      name,
      files: { [`${id}.tf`]: head },
      address: `aws_thing.${id}`,
      schema: THING,
      notPlanned: NOT_HERE,
    },
    desired: { name: 'x', ...Object.fromEntries(Object.keys(actual).map((key) => [key, null])) },
    actual: { name: 'x', ...actual },
    after: { [`${id}.tf`]: [['  name = "x"\n', `  name = "x"\n${added}`]] },
  };
}

export const SCHEMA_SAMPLES: readonly Sample[] = [
  {
    name: 'a list of objects in an attribute of any type is no block',
    files: { 's01.tf': 'resource "terraform_data" "s01" {\n}\n' },
    address: 'terraform_data.s01',
    desired: { input: null },
    actual: { input: [{ a: 1 }, { a: 2 }] },
    schema: TERRAFORM_DATA,
    after: {
      's01.tf': [['{\n}', '{\n  input = [\n    {\n      a = 1\n    },\n    {\n      a = 2\n    }\n  ]\n}']],
    },
  },
  thing(
    's02',
    'an attribute with attributes of its own: no block, and nothing that only the provider sets',
    { nested: { size: 3, id: 'n-1', mode: null } },
    '  nested = {\n    size = 3\n  }\n',
  ),
  thing(
    's03',
    'a list of such',
    { nested_list: [{ size: 3, mode: null }] },
    '  nested_list = [\n    {\n      size = 3\n    }\n  ]\n',
  ),
  thing('s04', 'a list of maps', { maps: [{ a: 'b' }] }, '  maps = [\n    {\n      a = "b"\n    }\n  ]\n'),
  thing(
    's05',
    'a list of objects may be written as blocks',
    { objects: [{ size: 3 }] },
    '\n  objects {\n    size = 3\n  }\n',
  ),
  thing(
    's06',
    'a block that is there at most once',
    { single: { size: 3, id: 'b-1' } },
    '\n  single {\n    size = 3\n  }\n',
  ),
  thing(
    's07',
    'blocks in a block, and what only the provider sets in them',
    { list: [{ size: 3, volume_id: 'v-1', inner: { mode: 'a' }, deep: [{ on: true }] }] },
    '\n  list {\n    size = 3\n    inner {\n      mode = "a"\n    }\n    deep {\n      on = true\n    }\n  }\n',
  ),
];

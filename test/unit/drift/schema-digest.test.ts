import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Json } from '../../../src/drift/finding.ts';
import {
  digestsOf,
  readDigest,
  SchemaError,
  schemaOf,
  writeDigest,
} from '../../../src/drift/schema-digest.ts';
import { AWS, type Block, COMPUTED, schemaDocument, TEXT } from '../../support/schema.ts';

const RULE = ['object', { cidr_blocks: ['list', 'string'], self: 'bool' }];
const THING: Block = {
  attributes: {
    id: { type: 'string', computed: true },
    name: { type: 'string', required: true },
    tags: { type: ['map', 'string'], optional: true },
    ingress: { type: ['set', RULE], optional: true, computed: true },
    matrix: { type: ['set', ['list', 'string']], computed: true },
    members: { type: ['map', ['set', 'string']], optional: true },
    anything: { type: 'dynamic', optional: true },
    pair: { type: ['tuple', ['string', 'number']], computed: true },
    password: { type: 'string', optional: true, sensitive: true },
    constructor: { type: ['list', 'string'], optional: true },
    users: {
      nested_type: {
        nesting_mode: 'map',
        attributes: { key: { type: 'string', required: true, sensitive: true }, seen: COMPUTED },
      },
      optional: true,
    },
    roles: {
      nested_type: {
        nesting_mode: 'list',
        attributes: { arn: COMPUTED, secret: { ...TEXT, sensitive: true } },
      },
      computed: true,
      optional: true,
    },
  },
  block_types: {
    disk: {
      nesting_mode: 'set',
      block: {
        attributes: { size: { type: 'number', optional: true }, volume_id: COMPUTED },
        block_types: { cache: { nesting_mode: 'list', block: { attributes: { order: { ...TEXT } } } } },
      },
    },
    options: { nesting_mode: 'single', block: { attributes: { pin: { ...TEXT, sensitive: true } } } },
  },
};

function schemaFor(document: Json) {
  return schemaOf(digestsOf(document).map((digest) => readDigest(writeDigest(digest))));
}

describe('a place in a digest', () => {
  const schema = schemaFor(schemaDocument({ aws_thing: THING }));
  const text = (path: readonly (string | number | null)[], type = 'aws_thing'): string => {
    const place = schema.at(type, path);
    if (place === undefined) return 'unknown';
    const { collection, block, nested, computed, settable, sensitive } = place;
    const marks = Object.entries({ block, nested, computed, settable, sensitive });
    return [collection, ...marks.filter(([, is]) => is).map(([name]) => name)].join(' ');
  };

  it.each([
    [['id'], 'one computed'],
    [['name'], 'one settable'],
    [['tags'], 'map settable'],
    [['tags', 'Owner'], 'one settable'],
    [['ingress'], 'set computed settable'],
    [['ingress', null], 'set computed settable'],
    [['ingress', 0, 'cidr_blocks'], 'list computed settable'],
    [['ingress', null, 'cidr_blocks'], 'list computed settable'],
    [['matrix'], 'set computed'],
    [['matrix', null], 'list computed'],
    [['members', 'web'], 'set settable'],
    [['anything'], 'one settable'],
    [['anything', 'inside'], 'unknown'],
    [['pair'], 'list computed'],
    [['password'], 'one settable sensitive'],
    [['constructor'], 'list settable'],
    [['toString'], 'unknown'],
    [['users'], 'map nested settable'],
    [['users', 'dana'], 'one nested settable'],
    [['users', 'dana', 'key'], 'one settable sensitive'],
    [['users', 'dana', 'seen'], 'one computed'],
    [['roles', 0, 'arn'], 'one computed'],
    [['disk'], 'set block settable'],
    [['disk', null, 'volume_id'], 'one computed'],
    [['disk', null, 'cache', 0, 'order'], 'one settable'],
    [['options', 'pin'], 'one settable sensitive'],
    [['name', 'deeper'], 'unknown'],
    [['gone'], 'unknown'],
  ] as const)('%j is: %s', (path, expected) => {
    expect(text(path)).toBe(expected);
  });

  it('is unknown for a type that no provider has', () => {
    expect(text(['id'], 'aws_other')).toBe('unknown');
    expect(text(['id'], 'constructor')).toBe('unknown');
    expect(schema.masks?.('aws_other')).toBeNull();
  });

  it('gives the secrets of a type as a mask', () => {
    expect(schema.masks?.('aws_thing')).toEqual({
      password: true,
      users: true,
      roles: [{ secret: true }],
      options: { pin: true },
    });
  });

  it('is unknown where two providers differ, but a secret of one of them stays one', () => {
    const one = { attributes: { a: TEXT, b: { type: ['set', 'string'], optional: true }, c: TEXT } };
    const other = {
      attributes: {
        a: TEXT,
        b: { type: ['list', 'string'], optional: true },
        c: { ...TEXT, sensitive: true },
      },
    };
    const both = schemaOf([
      ...digestsOf(schemaDocument({ x: one })),
      ...digestsOf(schemaDocument({ x: other }, 'registry.opentofu.org/acme/fork')),
    ]);
    expect(both.at('x', ['a'])?.settable).toBe(true);
    expect(both.at('x', ['b'])).toBeUndefined();
    expect(both.at('x', ['c'])?.sensitive).toBe(true);
    expect(both.masks?.('x')).toEqual({ c: true });
  });
});

describe('a document', () => {
  it('gives one digest for each provider, whatever registry it names', () => {
    const tofu = 'registry.opentofu.org/hashicorp/aws';
    expect(digestsOf(schemaDocument({ a: {} }, AWS))[0]?.provider).toBe(AWS);
    expect(digestsOf(schemaDocument({ a: {} }, tofu))[0]?.provider).toBe(tofu);
    expect(digestsOf({ format_version: '1.0' })).toEqual([]);
  });

  it.each([
    ['a plan', { format_version: '1.2', provider_schemas: [] }, 'is no document of'],
    ['no object', 'x', 'is no document of'],
    ['a newer format', { format_version: '2.0', provider_schemas: {} }, 'update m0'],
    [
      'a resource without a block',
      { format_version: '1.0', provider_schemas: { p: { resource_schemas: { a: {} } } } },
      'no block for a',
    ],
    [
      'a nesting that is unknown',
      schemaDocument({ a: { block_types: { b: { nesting_mode: 'tree', block: {} } } } }),
      'unknown nesting',
    ],
  ] as const)('that is %s is refused', (_, document, message) => {
    expect(() => digestsOf(document as Json)).toThrow(SchemaError);
    expect(() => digestsOf(document as Json)).toThrow(message);
  });
});

describe('a kept digest', () => {
  it('is refused where it is cut, changed or of another version', () => {
    const text = writeDigest(digestsOf(schemaDocument({ aws_thing: THING }))[0] as never);
    fc.assert(
      fc.property(fc.integer({ min: 0, max: text.length - 1 }), (end) => {
        expect(() => readDigest(text.slice(0, end))).toThrow(SchemaError);
      }),
    );
    expect(() => readDigest(text.replace('"format":2', '"format":1'))).toThrow('another version');
    expect(() => readDigest('{"format":2,"provider":"p","resources":{"a":1}}')).toThrow('damaged');
  });
});

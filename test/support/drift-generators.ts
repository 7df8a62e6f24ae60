/** fast-check generators of resource changes: the plan that Terraform would make of them, and the expected findings. */
import fc from 'fast-check';
import type { Json, Origin } from '../../src/drift/finding.ts';
import type { Planned } from './plan.ts';

/** The values in the state, in the cloud and in the code: recorded, actual, desired. */
export type Points = readonly [Json, Json, Json];

/** What a finding must say about one path. `json`: the same for paths inside a JSON document. */
export interface ExpectedDrift {
  readonly path: string;
  readonly points: Points;
  readonly sensitive: boolean;
  readonly json?: readonly ExpectedDrift[];
}

/** What happened to a resource as a whole. `stays`: at most its attributes changed. */
export const RESOURCE_CHANGES = [
  'stays',
  'moved',
  'imported',
  'replaced',
  'created',
  'deleted',
  'forgotten',
  'lost',
] as const;
export type ResourceChange = (typeof RESOURCE_CHANGES)[number];

/** One resource, what happened to it, and what the findings must say. */
export interface ChangedResource {
  readonly address: string;
  readonly change: ResourceChange;
  readonly attributes: readonly Attribute[];
}

/** One attribute with its three values, without regard to what happened to the resource. */
export interface Attribute {
  readonly name: string;
  readonly points: Points;
  readonly expected: readonly ExpectedDrift[];
  readonly sensitive?: true;
  readonly unknown?: true;
  readonly secrets?: readonly string[];
}

const EDITS = ['nothing', 'byHand', 'inCode', 'inBoth', 'sameInBoth'] as const;
const SHAPES = ['changed', 'added', 'removed'] as const;
const edit = fc.record({ done: fc.constantFrom(...EDITS), shape: fc.constantFrom(...SHAPES) });
type Edit = typeof edit extends fc.Arbitrary<infer T> ? T : never;

function pointsOf({ done, shape }: Edit, was: Json, now: Json, wanted: Json): Points {
  const first = shape === 'added' ? null : was;
  const next = shape === 'removed' ? null : now;
  switch (done) {
    case 'nothing':
      return [was, was, was];
    case 'byHand':
      return [first, next, first];
    case 'inCode':
      return [first, first, next];
    case 'inBoth':
      return [first, next, wanted];
    case 'sameInBoth':
      return [first, next, next];
  }
}

/** A canonical text of a value: documents that differ only in the order of keys have the same text. */
export function meaning(value: Json): string {
  if (typeof value !== 'string' || !value.startsWith('{')) return JSON.stringify(value);
  return JSON.stringify(Object.entries(JSON.parse(value) as object).sort());
}

/** The origin of the change by the three values; undefined if all are equal. */
export function originOf([recorded, actual, desired]: Points): Origin | undefined {
  const [r, a, d] = [recorded, actual, desired].map(meaning);
  if (r === a) return r === d ? undefined : 'code';
  return d === r || d === a ? 'cloud' : 'both';
}

const moves = (expected: ExpectedDrift): boolean => originOf(expected.points) !== undefined;

function scalar(name: string): fc.Arbitrary<Attribute> {
  const values = fc.constantFrom<Points>(
    [`${name} was`, `${name} now`, `${name} wanted`],
    [1, 2.5, -3],
    ['<b>"\u202e', '*_~`', '${x} %s'],
    [true, 'true', 7],
  );
  return fc.tuple(edit, values).map(([done, [was, now, wanted]]) => {
    const points = pointsOf(done, was, now, wanted);
    return { name, points, expected: [{ path: name, points, sensitive: false }].filter(moves) };
  });
}

const KEYS = ['Owner', 'a.b/c', 'with "quotes"', 'constructor', 'x y', '0', 'Ünï'];

function pathTo(name: string, key: string): string {
  return /^[A-Za-z_][A-Za-z0-9_-]*$/.test(key) ? `${name}.${key}` : `${name}[${JSON.stringify(key)}]`;
}

const keyed = fc.uniqueArray(fc.tuple(fc.constantFrom(...KEYS), edit), {
  minLength: 1,
  maxLength: 4,
  selector: ([key]) => key,
});

/** Three objects made of the values by key; null leaves the key out. */
function objectsOf(entries: readonly (readonly [string, Points])[]): [Json, Json, Json] {
  const at = (place: 0 | 1 | 2): Json =>
    Object.fromEntries(entries.filter(([, p]) => p[place] !== null).map(([key, p]) => [key, p[place]]));
  return [at(0), at(1), at(2)];
}

function map(name: string): fc.Arbitrary<Attribute> {
  return keyed.map((keys) => {
    const entries = keys.map(
      ([key, done]) => [key, pointsOf(done, `${key} was`, `${key} now`, 'wanted')] as const,
    );
    const expected = entries.map(([key, points]) => ({ path: pathTo(name, key), points, sensitive: false }));
    return { name, points: objectsOf(entries), expected: expected.filter(moves) };
  });
}

function block(name: string): fc.Arbitrary<Attribute> {
  return fc.array(edit, { minLength: 1, maxLength: 3 }).map((edits) => {
    const entries = edits.map((done, i) => [`field_${i}`, pointsOf(done, i + 1, `now ${i}`, false)] as const);
    // A field that is equal in all three values, so the block always exists.
    const [r, a, d] = objectsOf([['kept', ['x', 'x', 'x']], ...entries]);
    const expected = entries.map(([key, points]) => ({
      path: `${name}[0].${key}`,
      points,
      sensitive: false,
    }));
    return { name, points: [[r], [a], [d]], expected: expected.filter(moves) };
  });
}

/** Whether an element of a set is present in state, cloud and code. */
const PRESENCE: readonly (readonly [boolean, boolean, boolean])[] = [
  [true, true, true],
  [false, true, false],
  [true, false, true],
  [false, false, true],
  [true, true, false],
  [false, true, true],
];

function set(name: string): fc.Arbitrary<Attribute> {
  const make = (value: number, shape: boolean): Json =>
    shape ? { from_port: value, cidr: [`10.0.${value}.0/24`], note: '' } : `element ${value}`;
  const elements = fc.array(fc.constantFrom(...PRESENCE), { minLength: 2, maxLength: 5 });
  return fc.tuple(elements, fc.boolean(), fc.boolean()).map(([presence, objects, turned]) => {
    const rows = presence.map((there, i) => {
      const points = there.map((is) => (is ? make(i, objects) : null)) as unknown as Points;
      return { path: `${name}[*]`, points, sensitive: false };
    });
    // Unchanged elements, so that the list is never read as a single block.
    const fixed = ['fixed one', 'fixed two'].map((text) => (objects ? { note: text } : text));
    const at = (place: 0 | 1 | 2): Json => {
      const all = [...fixed, ...rows.map((row) => row.points[place]).filter((value) => value !== null)];
      return turned && place > 0 ? all.toReversed() : all;
    };
    return { name, points: [at(0), at(1), at(2)], expected: rows.filter(moves) };
  });
}

function document(name: string): fc.Arbitrary<Attribute> {
  return fc.tuple(keyed, fc.boolean()).map(([keys, spaced]) => {
    const entries = keys.map(
      ([key, done]) => [key, pointsOf(done, 'was', { deep: 1 }, ['wanted', 2])] as const,
    );
    const places = objectsOf([['Version', ['1', '1', '1']], ...entries]);
    const text = (place: 0 | 1 | 2): Json => {
      const turned = Object.fromEntries(Object.entries(places[place] ?? {}).toReversed());
      return JSON.stringify(place === 1 ? turned : places[place], null, spaced && place === 2 ? 2 : 0);
    };
    const json = entries.map(([key, points]) => ({
      path: pathTo('', key).replace(/^\./, ''),
      points,
      sensitive: false,
    }));
    const points: Points = [text(0), text(1), text(2)];
    const touched = json.filter(moves);
    const expected = touched.length === 0 ? [] : [{ path: name, points, sensitive: false, json: touched }];
    return { name, points, expected };
  });
}

/** Values that are written differently but mean the same, so there is no finding. */
function spelling(name: string): fc.Arbitrary<Attribute> {
  const pairs: readonly (readonly [Json, Json])[] = [
    [null, ''],
    [[], null],
    [{}, null],
    [{ a: null }, {}],
    ['{"a":[1,2],"b":null}', '{ "b": null, "a": [1, 2] }'],
    ['{"Statement":[{"Action":"s3:*"}]}', '{"Statement":{"Action":["s3:*"]}}'],
    [
      ['a', 'b'],
      ['b', 'a'],
    ],
  ];
  return fc
    .constantFrom(...pairs)
    .map(([one, other]) => ({ name, points: [one, other, other], expected: [] }));
}

function secret(name: string, unique: string): fc.Arbitrary<Attribute> {
  return edit.map((done) => {
    const secrets = [`S3cret-${unique}-was`, `S3cret-${unique}-now`, `S3cret-${unique}-wanted`] as const;
    const points = pointsOf(done, ...secrets);
    const expected = [{ path: name, points, sensitive: true }].filter(moves);
    const used = points.filter((value) => value !== null) as string[];
    return { name, points, expected, sensitive: true, secrets: used };
  });
}

/** An attribute that the code sets to a value known only after an apply. */
function unknown(name: string): fc.Arbitrary<Attribute> {
  return fc.boolean().map((byHand) => {
    const points: Points = [`${name} was`, byHand ? `${name} now` : `${name} was`, { unknown: true }];
    return { name, points, expected: [{ path: name, points, sensitive: false }], unknown: true };
  });
}

function attributes(unique: string): fc.Arbitrary<readonly Attribute[]> {
  const makers = [scalar, map, block, set, document, spelling, unknown, (n: string) => secret(n, unique + n)];
  const one = (i: number): fc.Arbitrary<Attribute> => fc.oneof(...makers.map((make) => make(`attr_${i}`)));
  return fc
    .integer({ min: 1, max: 5 })
    .chain((n) => fc.tuple(...Array.from({ length: n }, (_, i) => one(i))));
}

const ADDRESSES = [
  'aws_thing.plain',
  'aws_thing.counted[0]',
  'aws_thing.each["a.b]"]',
  'aws_thing.other',
  'aws_thing.more[1]',
];

function resource(address: string): fc.Arbitrary<ChangedResource> {
  const unique = String(ADDRESSES.indexOf(address));
  return fc.record({
    address: fc.constant(address),
    change: fc.constantFrom(...RESOURCE_CHANGES),
    attributes: attributes(unique),
  });
}

/** A stack of up to five resources and what happened to each. */
export const changedStacks: fc.Arbitrary<readonly ChangedResource[]> = fc
  .subarray(ADDRESSES, { minLength: 1 })
  .chain((chosen) => fc.tuple(...chosen.map(resource)));

/** Adjusts attributes and expectations to what happened to the resource, such as no recorded value after an import. */
export function adjusted({ address, change, attributes: given }: ChangedResource): ChangedResource {
  const known = ['stays', 'moved', 'replaced'].includes(change)
    ? given
    : given.filter((one) => one.unknown !== true);
  const force: Attribute = {
    name: 'force',
    points: ['was', 'was', 'now'],
    expected: [{ path: 'force', points: ['was', 'was', 'now'], sensitive: false }],
  };
  const all = change === 'replaced' ? [...known, force] : known;
  const see = (points: Points): Points => {
    const [recorded, actual, desired] = points;
    if (change === 'imported') return [actual, actual, desired];
    return change === 'deleted' || change === 'forgotten' ? [recorded, actual, null] : points;
  };
  const isExpected = ({ points: [r, a, d] }: ExpectedDrift): boolean => {
    if (change === 'created' || change === 'lost') return false;
    if (change === 'deleted' || change === 'forgotten') return meaning(r) !== meaning(a);
    return originOf([r, a, d]) !== undefined;
  };
  const changedAttributes = all.map((one) => ({
    ...one,
    // An import has no earlier recorded value: recorded equals actual.
    points: change === 'imported' ? see(one.points) : one.points,
    expected: one.expected
      .map((row) => ({
        ...row,
        points: see(row.points),
        ...(row.json === undefined
          ? {}
          : { json: row.json.map((inner) => ({ ...inner, points: see(inner.points) })).filter(moves) }),
      }))
      .filter((row) => isExpected(row) && row.json?.length !== 0),
  }));
  return { address, change, attributes: changedAttributes };
}

const objectAt = (resource: ChangedResource, place: 0 | 1 | 2): { readonly [key: string]: Json } => ({
  fixed: 'nobody touches this',
  ...Object.fromEntries(
    resource.attributes
      .filter((one) => place < 2 || one.unknown !== true)
      .map((one) => [one.name, one.points[place]]),
  ),
});

/** True if an apply would change the resource. */
export function isDue(resource: ChangedResource): boolean {
  return resource.attributes.some((one) =>
    one.expected.some(
      ({ points: [r, a, d] }) => originOf([r, a, d]) !== 'cloud' || meaning(d) !== meaning(a),
    ),
  );
}

/** The plan entry that Terraform would write for this resource. */
export function plannedOf(resource: ChangedResource): Planned {
  const { address, change } = resource;
  const [recorded, actual, desired] = [objectAt(resource, 0), objectAt(resource, 1), objectAt(resource, 2)];
  const names = resource.attributes.map((one) => one.name);
  const flags = (which: 'sensitive' | 'unknown'): Json =>
    Object.fromEntries(resource.attributes.filter((one) => one[which]).map((one) => [one.name, true]));
  const common = {
    address,
    sensitive: flags('sensitive'),
    expressions: Object.fromEntries([...names, 'fixed'].map((name) => [name, { references: ['var.x'] }])),
  };
  const due = isDue(resource);
  const update = due ? ['update'] : ['no-op'];
  // If an apply would change nothing, the plan's desired value is the actual one.
  const stays = {
    ...common,
    recorded,
    actual,
    desired: due ? desired : actual,
    unknown: flags('unknown'),
    actions: update,
  };
  switch (change) {
    case 'stays':
      return stays;
    case 'moved':
      return { ...stays, previousAddress: 'aws_thing.before' };
    case 'imported':
      return { ...stays, recorded: actual, importing: true };
    case 'replaced':
      return { ...stays, actions: ['delete', 'create'], replacePaths: [['force']] };
    case 'created':
      return { ...common, recorded: null, actual: null, desired, actions: ['create'] };
    case 'deleted':
      return { ...common, recorded, actual, desired: null, actions: ['delete'] };
    case 'forgotten':
      return { ...common, recorded, actual, desired: null, actions: ['forget'] };
    case 'lost':
      return { ...common, recorded, actual: null, desired, actions: ['create'] };
  }
}

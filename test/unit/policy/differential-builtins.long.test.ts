import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AGREED, MENDED } from '../../../src/policy/builtins/natives.ts';
import { HOST_BUILTINS } from '../../../src/policy/builtins/table.ts';
import { COMPILED_AWAY, REFUSED } from '../../../src/policy/capabilities.ts';
import { createOpa } from '../../../src/policy/opa.ts';
import { compareCalls, type Family } from './differential-calls.ts';
import { OPA } from './support.ts';

/** Every run asks the same; another seed asks something new. */
const SEED = Number(process.env.SEED ?? 20_260_302);
const CALLS = Number(process.env.CALLS ?? 110);

type Text = fc.Arbitrary<string>;

const CORNERS = [
  ...[
    '',
    'a',
    'A',
    'abc',
    'aaa',
    'ab',
    'É',
    'ß',
    'İ',
    'ı',
    'ſ',
    'ǆ',
    'ς',
    '😀',
    'a😀b',
    '𐐀',
    ' x ',
    '\t\n x \r\n',
  ],
  ...[
    '\u00a0x\u2003',
    '\u0085x',
    'a,b,,c',
    '<a>&"\'\\',
    '\u2028',
    '\u0001\u007f',
    '123',
    '-5',
    '1e3',
    '1.50',
    ' 1',
  ],
  ...[
    '1E5',
    '12345678901234567890',
    'true',
    'null',
    '{"a": 1}',
    '[1, 2',
    '"x"',
    '01',
    '-0',
    'e\u0301',
    '\ufeffa',
  ],
];
const letters = fc.constantFrom('a', 'b', 'A', 'é', '😀', ' ', '-', '.', '/', '1', ',', '\n', 'ß', '<', '_');
const plain = fc.oneof(fc.constantFrom(...CORNERS), fc.string({ unit: letters, maxLength: 9 }));
const text: Text = plain.map((t) => JSON.stringify(t));
const part: Text = fc.string({ unit: letters, maxLength: 2 }).map((t) => JSON.stringify(t));
const of = (...values: readonly string[]): Text => fc.constantFrom(...values);
const quoted = (...values: readonly string[]): Text => of(...values.map((v) => JSON.stringify(v)));

const number: Text = fc.oneof(
  of(
    '0',
    '1',
    '-1',
    '2.5',
    '-2.5',
    '0.5',
    '-0.5',
    '0.1',
    '0.2',
    '1.0',
    '1.50',
    '1e2',
    '1e10',
    '1e21',
    '-0',
    '-0.0',
  ),
  of('2147483647', '2147483648', '-2147483649', '4294967296', '9007199254740993', '9223372036854775807'),
  of('9223372036854775808', '12345678901234567890', '99.995', '33.333333333333336', '1e-7', '1.7e300'),
  fc.integer({ min: -100, max: 100 }).map(String),
  fc.integer().map(String),
  fc.bigInt({ min: -(10n ** 22n), max: 10n ** 22n }).map(String),
  fc
    .tuple(fc.integer({ min: -9999, max: 9999 }), fc.integer({ min: 0, max: 99_999 }))
    .map(([a, b]) => `${a}.${b}`),
  fc.tuple(fc.integer({ min: 1, max: 999 }), fc.integer({ min: -30, max: 30 })).map(([a, e]) => `${a}e${e}`),
);
const small: Text = of('-2', '-1', '0', '1', '2', '3', '5', '100', '1.0', '1.5', '9223372036854775807');
const scalar: Text = fc.oneof(text, number, of('null', 'true', 'false'));
const arrayOf = (item: Text): Text =>
  fc.array(item, { maxLength: 5 }).map((items) => `[${items.join(', ')}]`);
const key = fc.constantFrom('a', 'b', 'c', 'é', '😀', 'z', '\uffff', '', 'a/b', '<', 'A');
const objectOf = (item: Text): Text =>
  fc
    .uniqueArray(fc.tuple(key, item), { maxLength: 5, selector: ([k]) => k })
    .map((pairs) => `{${pairs.map(([k, v]) => `${JSON.stringify(k)}: ${v}`).join(', ')}}`);
const flat: Text = fc.oneof(scalar, arrayOf(scalar), objectOf(scalar));
const value: Text = fc.oneof(flat, arrayOf(flat), objectOf(flat));
/** Equal numbers are one value, and which of their spellings a set shows is up to what opa met first. */
const spelt: Text = fc.oneof(
  text,
  of('null', 'true', 'false', '0', '1', '-7', '2.5', '100', '9007199254740993'),
);
const members: Text = fc.oneof(arrayOf(spelt), arrayOf(fc.oneof(spelt, arrayOf(spelt), objectOf(spelt))));
const array: Text = fc.oneof(arrayOf(scalar), arrayOf(flat), arrayOf(number), arrayOf(text));
const object: Text = fc.oneof(objectOf(scalar), objectOf(flat));
const paths: Text = arrayOf(of('"a"', '"a/b"', '["a", "b"]', '"/c/0"', '"z"', '"a~1b"', '["é"]', '"b/1/a"'));

const cidr: Text = fc.oneof(
  quoted('10.0.0.0/8', '10.1.2.3', '10.1.2.0/24', '10.1.2.3/24', '0.0.0.0/0', '::/0', '::1', '2001:db8::/32'),
  quoted(
    '2001:db8::1',
    '2001:DB8:0:0::/64',
    '::ffff:10.1.2.3',
    '::ffff:10.0.0.0/104',
    '10.0.0.0/33',
    '10.0.0',
  ),
  quoted(
    '010.0.0.1',
    '10.0.0.0/08',
    '10.0.0.0/+8',
    'x',
    'fe80::1%eth0',
    '1::2::3',
    '::1.2.3.4/128',
    '1:2:3:4:5:6:7::/112',
  ),
  fc
    .tuple(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 255 }), fc.integer({ min: 6, max: 32 }))
    .map(([a, b, p]) => `"10.${a}.${b}.0/${p}"`),
);
const network: Text = fc.oneof(
  fc
    .tuple(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 255 }), fc.integer({ min: 6, max: 32 }))
    .map(([a, b, p]) => `"10.${a}.${b}.0/${p}"`),
  quoted('192.168.0.0/24', '192.168.1.0/24', '2001:db8::/33', '2001:db8:8000::/33', '172.16.5.4'),
);
const glob: Text = fc.oneof(
  quoted(
    '*',
    '**',
    'a*',
    '*.*',
    'a?c',
    '[a-c]*',
    '[!a]*',
    '{a,b}*',
    '{a,{b,c}}',
    'a\\*',
    'a.**.c',
    '[]a]',
    'é*',
  ),
  fc
    .array(
      fc.constantFrom(
        'a',
        'b',
        '.',
        ':',
        '*',
        '**',
        '?',
        '[ab]',
        '[!a]',
        '[a-c]',
        '{a,b}',
        '{a*,.}',
        '\\*',
        'é',
      ),
      {
        maxLength: 5,
      },
    )
    .map((parts) => JSON.stringify(parts.join(''))),
);
const globText: Text = fc
  .string({ unit: fc.constantFrom('a', 'b', 'c', '.', ':', '*', 'é', '😀'), maxLength: 6 })
  .map((t) => JSON.stringify(t));
const pattern: Text = fc.oneof(
  quoted(
    '^a$',
    '[a-z]+',
    '\\d+',
    '\\w+',
    '[[:alpha:]]',
    '(?P<n>a)',
    '\\bab\\b',
    '(?s).',
    '(?m)^x$',
    '[^\\n]',
    '\\.',
  ),
  fc
    .array(
      fc.constantFrom(
        ...[
          'a',
          'b',
          '.',
          'a*',
          'b+?',
          '(a|b)',
          '(?:ab)?',
          '[ab]',
          '[^a]',
          '\\d',
          '\\w+',
          '\\s',
          '^',
          '$',
          '\\b',
          'é',
        ],
        ...['a{2}', '(a)(b)?', '[0-9.-]+', '\\.', '(?i:A)', '.*', 'a|', '[[:upper:]]'],
      ),
      { minLength: 1, maxLength: 4 },
    )
    .map((parts) => JSON.stringify(parts.join(''))),
);
const regexText: Text = fc
  .string({ unit: fc.constantFrom('a', 'b', 'A', '1', '.', ' ', '\n', 'é', '😀', '-'), maxLength: 8 })
  .map((t) => JSON.stringify(t));
const time: Text = of('0', '-1', '1772452800000000000', '951782400000000000', '1774749599999999999', '1e18');
const zone: Text = quoted('', 'UTC', 'Europe/Berlin', 'America/New_York', 'Asia/Kolkata');
const layout: Text = quoted(
  ...[
    '2006-01-02',
    '2006-01-02T15:04:05Z07:00',
    'RFC3339',
    'RFC1123Z',
    'RubyDate',
    'ANSIC',
    '02/01/06 3:04PM',
  ],
  ...[
    'Jan _2 2006',
    '20060102150405',
    '2006-01-02 15:04:05.000',
    'January 2, 2006',
    '15h04',
    'no layout',
    '2006.002',
  ],
);
const semver: Text = quoted(
  ...[
    '1.2.3',
    'v1.2.3',
    '1.2.3-rc.1',
    '1.2.3-rc.1+b',
    '1.2.3-alpha',
    '1.10.0',
    '1.2',
    'x',
    '1.2.3-01',
    '01.2.3',
  ],
  ...['1.2.3-1', '1.2.3-a.b.c', '99999999999999999999.0.0', '0.0.0', '5.100.0', '1.2.3+build'],
);
const unit: Text = fc
  .tuple(
    fc.constantFrom('1', '10', '1.5', '0.5', '100', '2e3', '', '.5', '1_0', '123456789'),
    fc.constantFrom('', 'k', 'K', 'Ki', 'm', 'M', 'Mi', 'MiB', 'GB', 'gib', 'T', 'x', ' M', 'E', 'ei'),
  )
  .map(([n, u]) => JSON.stringify(n + u));
const code: Text = quoted(
  '',
  'YQ==',
  'YQ',
  'YWJj',
  'YQ=\n=',
  'YWJj\nYWJj',
  'YR==',
  '4pyT',
  'a-_b',
  '+/+/',
  'abc',
  '%41+',
  'a%2',
  'c3Ry',
);
const json: Text = fc.oneof(
  value.map((v) => JSON.stringify(v)),
  quoted(
    '[1,]',
    '{a:1}',
    '1 2',
    '[01]',
    '"\\x"',
    ' {"a" : 1 } ',
    '[1.]',
    '[+1]',
    '[1E+5]',
    'nul',
    '{"a":1,"a":2}',
    '[1e400]',
  ),
);
const yaml: Text = quoted(
  ...[
    'a: 1',
    'a: [x, "y", \'z\']',
    '- 1\n- b: c\n',
    'a: yes',
    'a: 0755',
    'a: 2020-01-01',
    'a: 1.2.3',
    'text',
    '',
  ],
  ...[
    'a: |\n  x\n  y\n',
    'a: &x 1\nb: *x',
    'a: ~\nb: null\nc:',
    '{a: 1',
    'a: 1\na: 2',
    'a: 10.0.0.0/8',
    '1: a',
    'a: 1e3',
  ],
);
const operations: Text = arrayOf(
  of(
    ...[
      '{"op": "add", "path": "/a", "value": 1}',
      '{"op": "remove", "path": "a"}',
      '{"op": "add", "path": "/b/0", "value": []}',
    ],
    ...['{"op": "replace", "path": "/c", "value": {"x": 1}}', '{"op": "copy", "from": "a", "path": "/d"}'],
    ...[
      '{"op": "move", "from": "b", "path": "/a"}',
      '{"op": "test", "path": "a", "value": 1}',
      '{"op": "add", "path": "b/-", "value": 9}',
    ],
  ),
);
const graph: Text = fc
  .array(
    fc.tuple(
      fc.constantFrom('a', 'b', 'c', 'd'),
      fc.array(fc.constantFrom('a', 'b', 'c', 'x'), { maxLength: 3 }),
    ),
    {
      maxLength: 4,
    },
  )
  .map((edges) => JSON.stringify(Object.fromEntries(edges)));
const nodes: Text = of('["a"]', '[]', '["b", "c"]', '["z", "a"]');

const families: [name: string, expression: string, ...args: Text[]][] = [];
/** A builtin called with its arguments as they are. */
function call(name: string, ...args: Text[]): void {
  families.push([name, `${name}(${args.map((_, i) => `c[${i}]`).join(', ')})`, ...args]);
}
/** An expression that asks a builtin otherwise: as an operator, over sets, or what only shows in an order. */
function also(name: string, expression: string, ...args: Text[]): void {
  families.push([name, expression, ...args]);
}

for (const [name, sign] of [...'+-*/%'].map(
  (s, i) => [['plus', 'minus', 'mul', 'div', 'rem'][i] ?? '', s] as const,
)) {
  also(name, `c[0] ${sign} c[1]`, number, number);
}
also('arithmetic', '(c[0] - c[1]) / c[1] * 100', number, number);
for (const [name, sign] of Object.entries({
  equal: '==',
  neq: '!=',
  lt: '<',
  lte: '<=',
  gt: '>',
  gte: '>=',
})) {
  also(name, `c[0] ${sign} c[1]`, fc.oneof(number, value), fc.oneof(number, value));
}
for (const name of ['abs', 'round', 'ceil', 'floor']) call(name, number);
for (const name of ['count', 'max', 'min', 'sort']) {
  call(name, fc.oneof(array, object, text));
  also(name, `${name}(set_of(c[0]))`, members);
}
for (const name of ['sum', 'product']) {
  call(name, arrayOf(number));
  also(name, `${name}(set_of(c[0]))`, arrayOf(spelt.filter((t) => /\d$/.test(t) && !t.includes('"'))));
}
for (const name of [
  'is_array',
  'is_boolean',
  'is_null',
  'is_number',
  'is_object',
  'is_set',
  'is_string',
  'type_name',
]) {
  call(name, value);
}
also('minus', 'set_of(c[0]) - set_of(c[1])', members, members);
also('and', 'set_of(c[0]) & set_of(c[1])', members, members);
also('or', 'set_of(c[0]) | set_of(c[1])', members, members);
also('set_diff', 'set_of(c[0]) == set_of(c[1])', members, members);
also('intersection', 'intersection({set_of(c[0]), set_of(c[1])})', members, members);
also('union', 'union({set_of(c[0]), set_of(c[1])})', members, members);
also('internal.member_2', 'c[0] in c[1]', scalar, fc.oneof(array, object));
also('internal.member_2', 'c[0] in set_of(c[1])', scalar, members);
also('internal.member_3', '"a", c[0] in c[1]', scalar, object);
also('walking', '[[k, v] | some k, v in c[0]]', fc.oneof(array, object));
also('walking', '[v | some v in set_of(c[0])]', members);
also('walking', '[x | some x in {k | some k, _ in c[0]}][0]', object);
also('indexing', 'c[0][c[1]]', fc.oneof(array, object), scalar);
also('indexing', '{x: 1 | some x in [c[0], c[1]]}', number, number);
also('walk', '[x | walk(c[0], x)]', value);
also('walk', '[x | walk([set_of(c[0])], x)]', members);
also('internal.template_string', '$"x {c[0]} y {set_of(c[1])}"', value, members);
call('array.concat', array, array);
call('array.reverse', array);
call('array.flatten', arrayOf(flat));
call('array.slice', array, small, small);
call('object.get', fc.oneof(object, array), of('"a"', '["a"]', '["a", "b"]', '[]', '"z"', 'null'), scalar);
call('object.keys', object);
call('object.filter', object, of('["a"]', '[]', '["a", "é"]', '{"a": 1}'));
call('object.remove', object, of('["a"]', '[]', '["a", "é"]', '{"a": 1}'));
call('object.union', object, object);
call('object.union_n', arrayOf(object));
call('object.subset', fc.oneof(object, array), fc.oneof(object, array));
also('object.subset', 'object.subset(c[0], set_of(c[1]))', members, members);
call('json.filter', object, paths);
call('json.remove', object, paths);
call('json.patch', objectOf(fc.oneof(scalar, arrayOf(scalar))), operations);
call('json.marshal', value);
also('json.marshal', 'json.marshal({"s": set_of(c[0]), "k": {set_of(c[0]): 1}})', members);
call(
  'json.marshal_with_options',
  value,
  of('{"indent": "  "}', '{"pretty": true}', '{"prefix": "> "}', '{"pretty": false}', '{}'),
);
call('json.unmarshal', json);
call('json.is_valid', json);
call('yaml.unmarshal', yaml);
call('yaml.is_valid', yaml);
call('concat', part, fc.oneof(arrayOf(text), array));
also('concat', 'concat(c[0], set_of(c[1]))', part, arrayOf(text));
for (const name of ['lower', 'upper', 'trim_space', 'strings.reverse']) call(name, text);
for (const name of ['contains', 'startswith', 'endswith', 'split', 'trim', 'trim_left', 'trim_right'])
  call(name, text, part);
for (const name of ['trim_prefix', 'trim_suffix', 'indexof', 'indexof_n', 'strings.count'])
  call(name, text, part);
call('replace', text, part, part);
call('strings.replace_n', objectOf(part), text);
call('strings.split_n', text, part, small);
call('strings.any_prefix_match', fc.oneof(text, arrayOf(text)), fc.oneof(part, arrayOf(part)));
call('strings.any_suffix_match', fc.oneof(text, arrayOf(text)), fc.oneof(part, arrayOf(part)));
call('substring', text, small, small);
call('format_int', number, of('2', '8', '10', '16', '3'));
call(
  'to_number',
  fc.oneof(
    text,
    number.map((n) => JSON.stringify(n)),
    scalar,
  ),
);
call('sprintf', quoted('%v', '%d', '%s', '%5.2f|', '%q', '%x', '%05d', '%g %v'), arrayOf(scalar));
for (const name of ['bits.and', 'bits.or', 'bits.xor']) call(name, number, number);
for (const name of ['bits.lsh', 'bits.rsh']) call(name, number, of('0', '1', '7', '64', '1.0', '-1', '1.5'));
call('bits.negate', number);
call(
  'numbers.range',
  small.filter((s) => s.length < 4),
  small.filter((s) => s.length < 4),
);
call(
  'numbers.range_step',
  small.filter((s) => s.length < 4),
  small.filter((s) => s.length < 4),
  of('1', '2', '7', '0', '1.5'),
);
call('units.parse', unit);
call('units.parse_bytes', unit);
for (const name of [
  'base64.encode',
  'base64url.encode',
  'base64url.encode_no_pad',
  'hex.encode',
  'urlquery.encode',
])
  call(name, text);
for (const name of [
  'base64.decode',
  'base64.is_valid',
  'base64url.decode',
  'hex.decode',
  'urlquery.decode',
]) {
  call(name, fc.oneof(code, text));
}
call('urlquery.encode_object', objectOf(fc.oneof(text, arrayOf(text))));
call(
  'urlquery.decode_object',
  quoted('a=1&b=2&a=3', '', 'a', '=x', 'a=%C3%A9+x', 'a%zz', 'a;b', '&&a==b', 'é=ü'),
);
for (const name of ['crypto.md5', 'crypto.sha1', 'crypto.sha256']) call(name, text);
for (const name of ['md5', 'sha1', 'sha256', 'sha512']) call(`crypto.hmac.${name}`, text, text);
call('crypto.hmac.equal', part, part);
call('net.cidr_contains', cidr, cidr);
call('net.cidr_intersects', cidr, cidr);
call('net.cidr_is_valid', fc.oneof(cidr, scalar));
call('net.cidr_contains_matches', fc.oneof(network, arrayOf(network)), fc.oneof(network, arrayOf(network)));
call('net.cidr_merge', arrayOf(network));
call(
  'net.cidr_expand',
  quoted('10.0.0.0/30', '192.168.1.7/29', '2001:db8::/126', '1.2.3.4/32', '10.0.0.0/33', 'x'),
);
call('graph.reachable', graph, nodes);
call('graph.reachable_paths', graph, nodes);
call('glob.match', glob, of('[]', 'null', '["."]', '[":"]', '[".", ":"]'), globText);
call('glob.quote_meta', fc.oneof(glob, text));
call('regex.match', pattern, regexText);
call('regex.is_valid', fc.oneof(pattern, quoted('(', 'a**', '[', '\\C', '(?<n>a)')));
call('regex.find_n', pattern, regexText, of('-1', '0', '1', '2'));
call('regex.find_all_string_submatch_n', pattern, regexText, of('-1', '1', '2'));
call('regex.split', pattern, regexText);
call('regex.replace', regexText, pattern, quoted('', 'X', '<$0>', '$1x', '$$', '\u0024{1}x'));
call('semver.compare', semver, semver);
call('semver.is_valid', fc.oneof(semver, scalar));
for (const name of ['time.clock', 'time.date', 'time.weekday']) {
  also(name, `${name}([c[0], c[1]])`, time, zone);
}
also('time.format', 'time.format([c[0], c[1], c[2]])', time, zone, layout);
call('time.format', time);
also('time.parse_ns', 'time.parse_ns(c[0], time.format([c[1], c[2], c[0]]))', layout, time, zone);
call(
  'time.parse_ns',
  layout,
  quoted('2026-03-02', '02/01/26 3:04PM', 'March 2, 2026', '20260302120000', '2026-02-30', 'Mar  2 2026'),
);
call(
  'time.parse_rfc3339_ns',
  quoted('2026-03-02T12:00:00Z', '2026-03-02T12:00:00.5+02:00', '2026-02-30T00:00:00Z', 'x'),
);
call('time.parse_duration_ns', quoted('1h', '1h30m', '-2.5s', '0', '+3ms', '.5s', '1µs', 'soon', ''));
call('time.add_date', time, of('0', '1', '-1', '4'), of('0', '13', '-2'), of('0', '30', '-40'));
also('time.diff', 'time.diff([c[0], c[2]], c[1])', time, time, zone);

/** Builtins that older policies may still call, and what is the same under another name. */
const ASKED_ELSEWHERE = new Set([
  ...['all', 'any', 'cast_array', 'cast_set', 're_match', 'net.cidr_overlap', 'trace', 'time.now_ns'],
  ...['rego.metadata.chain', 'rego.metadata.rule'],
]);

/** Where m0 ends though opa goes on, by what it says. */
const REFUSALS = [
  // Numbers no double holds, bytes that are no text, numbers that JSON would not write.
  /can.t compute with|beyond 64 bits of float|bytes that are no text|as a number$/,
  // A number as the key of an object that has its text: data and input differ in what opa makes of it.
  /is asked for the number/,
  // Nothing as what is replaced, in a text beyond ASCII; a path of nothing; the same key twice.
  /nothing as the text to replace|an empty path|two keys with one text/,
  // A group whose first choice is empty; what JavaScript's patterns have no equal for.
  /first choice is empty|regex: /,
  // Go takes `$1x` for a group named 1x.
  /regex\.replace: a group by its name/,
  // What readers of YAML, of zones and of layouts differ in.
  /^ended: BuiltinFailure: (?:yaml|time)/,
  // An integer beyond 64 bits where a verb wants another type.
  /sprintf: %\w of an integer beyond 64 bits/,
  // JSON patches on what is neither object nor array.
  /json\.patch/,
];

function asked([name, expression, ...args]: (typeof families)[number], i: number): Family {
  const sample = fc.sample(fc.tuple(...args), { seed: SEED + i, numRuns: CALLS });
  return { name, expression, calls: [...new Set(sample.map((c) => `[${c.join(', ')}]`))] };
}

describe('every builtin', () => {
  it('is answered as opa answers it, or refused with a reason', async () => {
    const compared = await compareCalls(families.map(asked));
    expect(compared.wrong).toEqual([]);
    const unlisted = compared.refused.filter(({ ours }) => !REFUSALS.some((r) => r.test(ours ?? '')));
    expect(unlisted).toEqual([]);
    expect(compared.answered).toBeGreaterThan(8000);
    // A refusal asks a person, so it is never wrong; but it must stay the exception.
    expect(compared.refused.length).toBeLessThan(compared.answered * 0.05);
  }, 60_000);

  it('that opa has is known: as its own, as ours, or with the reason why not', async () => {
    const { stdout } = await createOpa(OPA, 30_000).run(['capabilities', '--current'], '/');
    const all = (JSON.parse(stdout) as { builtins: { name: string }[] }).builtins.map((b) => b.name);
    const known = new Set([...AGREED, ...MENDED, ...Object.keys(HOST_BUILTINS), ...COMPILED_AWAY]);
    expect(all.filter((n) => known.has(n) === Object.hasOwn(REFUSED, n))).toEqual([]);
    expect(Object.keys(REFUSED).filter((n) => !all.includes(n))).toEqual([]);
  });

  it('that m0 knows is compared with opa', () => {
    const compared = new Set([...families.map(([name]) => name), ...ASKED_ELSEWHERE]);
    const known = [...AGREED, ...MENDED, ...Object.keys(HOST_BUILTINS)];
    expect(known.filter((n) => !compared.has(n))).toEqual([]);
  });
});

import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import { BuiltinFailure } from '../../../src/policy/builtins/failure.ts';
import { sprintf } from '../../../src/policy/builtins/sprintf.ts';
import { HOST_BUILTINS } from '../../../src/policy/builtins/table.ts';
import { decode, encode, print, type RegoValue } from '../../../src/policy/builtins/value.ts';
import { compilePolicy, loadBundle } from '../../../src/policy/compile.ts';
import { evaluate } from '../../../src/policy/evaluate.ts';
import { createOpa } from '../../../src/policy/opa.ts';
import { OPA, scratch, write } from './support.ts';

/** What the real opa says of a query over one module. */
async function opaEval(module: string, query: string, input: string): Promise<unknown> {
  const dir = await scratch();
  await write(dir, { 'p.rego': module, 'input.json': input });
  const { stdout } = await execa(
    OPA,
    ['eval', '--format', 'json', '--data', 'p.rego', '--input', 'input.json', query],
    { cwd: dir },
  );
  const parsed = JSON.parse(stdout) as { result?: { expressions: { value: unknown }[] }[] };
  return parsed.result?.[0]?.expressions[0]?.value;
}

const FORMATS = [
  ...[
    '%v',
    '%s',
    '%d',
    '%q',
    '%x',
    '%X',
    '%t',
    '%T',
    '%f',
    '%g',
    '%e',
    '%E',
    '%G',
    '%b',
    '%o',
    '%O',
    '%c',
    '%U',
  ],
  ...[
    '%5v|',
    '%-5v|',
    '%05d|',
    '%+d',
    '% d',
    '%.2f',
    '%8.3f|',
    '%-8.2f|',
    '%08.2f|',
    '%.0f',
    '%+.1e',
    '%.3g',
  ],
  ...[
    '%.2s',
    '%5.1s|',
    '%-10s|',
    '%010s|',
    '%#x',
    '%#o',
    '%#q',
    '%+q',
    '%x|% x',
    '%#v',
    '%+v',
    '%6.3d|',
    '%.0d',
  ],
  ...[
    '%%',
    '100%',
    '%',
    '%!',
    '%z',
    '%5%|',
    'no verb',
    '%v and %v',
    '%[1]v %[1]v',
    '%[2]v',
    '%[1]d',
    '%[x]d',
  ],
  ...['%*d', '%-*d|', '%.*f', '%[1]*d', '%[3]*.[2]*[1]f', '%w', '%6q|', '%-6q|', '%06d', '%+06d', '%-06d|'],
  ...[
    '%U',
    '%#U',
    '%08v',
    '%x %X',
    'é%5sé',
    '%3c|',
    '%-3c|',
    '%t%t',
    '%.3x',
    '%#.2x',
    '% .2f',
    '%p',
    '%i',
    '%u',
  ],
];

const ARGUMENTS = [
  ...['[]', '["hi"]', '[42]', '[-7]', '[0]', '[3.14159]', '[-0.5]', '[100000]', '[1e6]', '[123456789.25]'],
  ...[
    '[0.00001234]',
    '[1e300]',
    '[true]',
    '[null]',
    '[["a", 1, null]]',
    '[{"b": 1, "a": [2]}]',
    '[{3, "x", 1}]',
  ],
  ...['[set()]', '[{}]', '[[]]', '["two", "words"]', '[1, 2]', '[5, 3.5]', '[9223372036854775807]'],
  ...[
    '[12345678901234567890]',
    '["quote \\" and \\\\ and \\n and é and \\u0001 and 😀"]',
    '[""]',
    '[2.5, 2, 9]',
  ],
  ...[
    '[12.0]',
    '[1.50]',
    '[{"k": {1, 2}}]',
    '[["q\\"uote", "\\u2028"]]',
    '["a`b"]',
    '["tab\\t"]',
    '[65]',
    '[128512]',
  ],
  ...['[8, "s"]', '["x", 3]', '[{"é": "ü"}]', '[[1.5, -2, 1e10]]', '[99.995]', '[0.1]', '[1e21]', '[55296]'],
];

describe('sprintf', () => {
  it('prints what Go prints, for every format over every argument, or refuses', async () => {
    const module = `package t
formats := input.formats
args := [${ARGUMENTS.join(', ')}]
results := [[sprintf(f, a) | some a in args] | some f in formats]`;
    const said = (await opaEval(
      module,
      'data.t.results',
      JSON.stringify({ formats: FORMATS }),
    )) as string[][];

    const wrong: unknown[] = [];
    let refused = 0;
    for (const [i, format] of FORMATS.entries()) {
      for (const [j, text] of ARGUMENTS.entries()) {
        let ours: string;
        try {
          ours = sprintf(format, decode(text) as readonly RegoValue[]);
        } catch (error) {
          if (!(error instanceof BuiltinFailure)) throw error;
          refused++;
          continue;
        }
        if (ours !== said[i]?.[j]) wrong.push({ format, text, ours, opa: said[i]?.[j] });
      }
    }
    expect(wrong).toEqual([]);
    // A refusal asks a person, so it is never wrong; but it must stay the exception.
    expect(refused).toBeLessThan(FORMATS.length * ARGUMENTS.length * 0.1);
  });
});

const NOON = '1772452800000000000';
const TIMES = [NOON, '0', '-1', '1', '951782400000000000', '1774749599999999999', '-62135596800000000'];
const ZONES = ['', 'UTC', 'Europe/Berlin', 'America/New_York', 'Asia/Kolkata', 'Pacific/Apia'];
const PATTERNS = [
  ...[
    'a',
    'a*',
    'a+?',
    '^a',
    'a$',
    '',
    'x*',
    '[a-c]+',
    '[^a-c]',
    '(a)(b)?',
    '(?:ab)+',
    '\\d+',
    '\\w+',
    '\\s',
    '\\S+',
  ],
  ...[
    '.',
    '.*',
    '(?i)AB',
    '(?s).+',
    '(?m)^.',
    '(?m)$',
    '\\bfoo\\b',
    '\\B',
    '\\.',
    '[[:alpha:]]+',
    '[\\w.-]+@',
    'é',
  ],
  ...[
    'a{2}',
    'a{2,}',
    'a{1,2}',
    '{',
    'a{,2}',
    'x|ab|a',
    '[]a]',
    '[\\]a]',
    '\\x61',
    '\\/',
    '(?P<n>a)',
    '[a\\-z]',
    '-',
  ],
  ...['^prod-.*', '^(dev|prod)-([a-z]+)$', '0\\.0\\.0\\.0/0', '\\Aa', 'b\\z', '[\\d-]+', '😀', '[é-ü]'],
];
const TEXTS = [
  ...[
    '',
    'a',
    'ab',
    'aab foo ab',
    'foo',
    'x-foo.bar@example',
    'prod-web',
    'dev-',
    '0.0.0.0/0',
    'aXbXc',
    'AB ab',
  ],
  ...['line1\nline2\n', 'tab\there', 'héé', '😀a😀', '12-34', 'b', '{', '\r\n', 'a-z'],
];
const REPLACEMENTS = ['', 'X', '<$0>', '${1}x', '$1x', '$$', '$9'];

function calls(): [string, string][] {
  const list: [string, string][] = [];
  const quote = (text: string): string => JSON.stringify(text);
  for (const time of TIMES) {
    for (const zone of ZONES) {
      for (const name of ['time.clock', 'time.date', 'time.weekday']) {
        list.push([name, `[${time}, ${quote(zone)}]`]);
      }
      list.push(['time.diff', `[${time}, ${quote(zone)}], ${NOON}`]);
    }
    list.push(['time.weekday', time], ['time.clock', time], ['time.date', time]);
    for (const by of ['0, 0, 0', '1, 2, 3', '-1, 13, -40', '0, 1, 30', '4, 0, 0']) {
      list.push(['time.add_date', `${time}, ${by}`]);
    }
  }
  for (const text of [
    ...['2026-03-02T12:00:00Z', '2026-03-02T12:00:00.5Z', '2026-03-02T12:00:00.123456789+02:00'],
    ...['2024-02-29T23:59:59-11:30', '1969-12-31T23:59:59Z', '2026-03-02T12:00:00,25Z'],
  ]) {
    list.push(['time.parse_rfc3339_ns', quote(text)]);
  }
  for (const text of ['1h', '1h30m', '-2.5s', '0', '+3ms', '1.5h', '100us', '7ns', '.5s', '2m3.25s', '1µs']) {
    list.push(['time.parse_duration_ns', quote(text)]);
  }
  for (const pattern of PATTERNS) {
    for (const text of TEXTS) {
      list.push(['regex.find_n', `${quote(pattern)}, ${quote(text)}, -1`]);
      list.push(['regex.find_n', `${quote(pattern)}, ${quote(text)}, 2`]);
      list.push(['regex.split', `${quote(pattern)}, ${quote(text)}`]);
      for (const value of REPLACEMENTS) {
        list.push(['regex.replace', `${quote(text)}, ${quote(pattern)}, ${quote(value)}`]);
      }
    }
  }
  for (const text of ['', 'aaa', 'abab', 'é😀é']) {
    for (const part of ['', 'a', 'aa', 'ab', 'é'])
      list.push(['strings.count', `${quote(text)}, ${quote(part)}`]);
  }
  list.push(['regex.find_n', '1, "a", 1'], ['strings.count', '["a"], "a"'], ['time.clock', '"noon"']);
  return list;
}

describe('host builtins', () => {
  it('answer what opa answers, call by call, or refuse', async () => {
    const all = calls();
    // Arguments come as input, so that opa's compiler can't see where a type is wrong; as text, for their digits.
    const input = `{"calls": [${all.map(([name, args]) => `["${name}", ${args}]`).join(',')}]}`;
    const rules = [...new Set(all.map(([name]) => name))].map((name) => {
      const args = decode(`[${all.find(([n]) => n === name)?.[1] ?? ''}]`) as readonly RegoValue[];
      const given = args.map((_, i) => `call[${i + 1}]`).join(', ');
      return `r[i] := v if { some i, call in input.calls; call[0] == "${name}"; v := ${name}(${given}) }`;
    });
    const said = (await opaEval(`package t\n${rules.join('\n')}`, 'data.t.r', input)) as Record<
      string,
      unknown
    >;
    const wrong: unknown[] = [];
    let refused = 0;
    for (const [i, [name, args]] of all.entries()) {
      let ours: RegoValue | undefined;
      try {
        ours = HOST_BUILTINS[name]?.(decode(`[${args}]`) as readonly RegoValue[], { nowNs: 0n });
      } catch (error) {
        if (!(error instanceof BuiltinFailure)) throw error;
        refused++;
        continue;
      }
      const shown = ours === undefined ? undefined : JSON.stringify(JSON.parse(encode(ours)));
      const theirs = said[String(i)] === undefined ? undefined : JSON.stringify(said[String(i)]);
      if (shown !== theirs) wrong.push({ name, args, ours: shown, opa: theirs });
    }
    expect(wrong).toEqual([]);
    expect(refused).toBeLessThan(all.length * 0.05);
  });

  it.each([
    ['time.parse_rfc3339_ns', '"tomorrow"'],
    ['time.parse_rfc3339_ns', '"2026-02-30T00:00:00Z"'],
    ['time.parse_duration_ns', '"soon"'],
    ['time.clock', '[0, "Mars/Olympus"]'],
    ['time.clock', '[0, "Local"]'],
    ['time.add_date', '0, 100000, 0, 0'],
    ['regex.find_n', '"(", "a", 1'],
    ['regex.find_n', '"(?=a)", "a", 1'],
    ['regex.find_n', '"\\\\1", "a", 1'],
    ['regex.split', '"[z-a]", "a"'],
  ])('what can’t be done is never undefined in silence: %s(%s)', (name, args) => {
    expect(() => HOST_BUILTINS[name]?.(decode(`[${args}]`) as readonly RegoValue[], { nowNs: 0n })).toThrow(
      BuiltinFailure,
    );
  });
});

describe('a value', () => {
  it.each(['{1, "a", [null, true]}', '{"k": {"x"}, 3: set()}', '[-1.5e+10, "\\u0001\\"é😀"]', '[]', '{}'])(
    'survives the way to a builtin and back: %s',
    (text) => {
      expect(encode(decode(encode(decode(text))))).toBe(encode(decode(text)));
    },
  );

  it('that is cut off is an error', () => {
    for (const text of ['[1', '{"a":', '"x', '', 'nul', '1 2']) expect(() => decode(text)).toThrow();
  });

  it('is printed in OPA’s order', () => {
    expect(print(decode('{"b", 10, 9, null, false, [1], {"k": 1}, {2}}'), JSON.stringify)).toBe(
      '{null, false, 9, 10, "b", [1], {"k": 1}, {2}}',
    );
  });
});

describe('through Wasm', () => {
  it('a policy says what it says under opa eval', async () => {
    const module = `package m0
warn contains sprintf("%v %q %5.2f", [{"s": {3, 1, "x"}, "e": set()}, input.name, input.cost])
warn contains sprintf("%v", [input.list])
warn contains concat(",", regex.find_n("[a-z]+", input.name, -1))
warn contains concat(",", regex.split("-", input.name))
warn contains regex.replace(input.name, "(\\\\w+)-", "$\{1}_")
warn contains time.weekday(input.at)
warn contains sprintf("%d", [time.parse_rfc3339_ns("2026-03-02T12:00:00Z")])
warn contains json.marshal(time.clock([input.at, "Europe/Berlin"]))
warn contains sprintf("%d", [strings.count(input.name, "-")])
deny contains "input is read" if input.cost > 10
pending if input.name == "prod-web-1"
allow := false`.replaceAll('$\\{', '${');
    const input = {
      name: 'prod-web-1',
      cost: 12.345,
      list: ['a', { b: [1, null] }],
      at: 1772452800000000000,
      m0: { run: 7 },
    };
    const dir = await scratch();
    await write(join(dir, 'policy'), { 'p.rego': module });
    const compiled = await compilePolicy(createOpa(OPA, 30_000), join(dir, 'policy'), join(dir, 'scratch'));
    const result = await evaluate(loadBundle(compiled), { run: 7, json: JSON.stringify(input) }, 0, {
      timeMs: 10_000,
      memoryBytes: 64 * 1024 * 1024,
    });
    const said = (await opaEval(module, 'data.m0', JSON.stringify(input))) as Record<string, unknown>;
    expect(result.ok).toBe(true);
    const values = result.ok ? result.values : {};
    expect([...(values['m0.warn'] as string[])].sort()).toEqual([...(said.warn as string[])].sort());
    expect(values['m0.deny']).toEqual(said.deny);
    expect(values['m0.pending']).toBe(true);
    expect(values['m0.allow']).toBe(false);
  });
});

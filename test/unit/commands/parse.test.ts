import { describe, expect, it } from 'vitest';
import type { Command } from '../../../src/commands/command.ts';
import { COMMAND_NAMES, GRAMMAR, isCommandName, usageOf } from '../../../src/commands/grammar.ts';
import { parseCommand } from '../../../src/commands/parse.ts';
import { seeded } from '../../support/random.ts';

// A Wednesday, 14:02 in Berlin (summer time).
const NOW = Date.parse('2026-07-15T12:02:00Z');
const HOUR = 3_600_000;

const CONTEXT = { now: NOW, zone: 'Europe/Berlin', answers: null } as const;

function parse(text: string, answers: Record<string, string> | null = null) {
  return parseCommand(text, { now: NOW, zone: 'Europe/Berlin', answers });
}

const run = (n: number) => ({ by: 'run', run: n }) as const;
const target = (t: string) => ({ by: 'target', target: t }) as const;

describe('parseCommand reads', () => {
  const cases: readonly (readonly [string, Command])[] = [
    ['drift', { command: 'drift', target: null }],
    ['drift prod', { command: 'drift', target: 'prod' }],
    ['DRIFT  prod-*', { command: 'drift', target: 'prod-*' }],
    ['  /m0 drift prod', { command: 'drift', target: 'prod' }],
    ['@m0 status', { command: 'status', target: null }],
    ['m0: status', { command: 'status', target: null }],
    ['M0 Status prod', { command: 'status', target: 'prod' }],
    ['status `prod-network`', { command: 'status', target: 'prod-network' }],
    ['show #42', { command: 'show', run: 42 }],
    ['show 42', { command: 'show', run: 42 }],
    ['approve #42', { command: 'approve', run: 42, seen: null }],
    ['approve #42 0A1b2c3d', { command: 'approve', run: 42, seen: '0a1b2c3d' }],
    ['reject #42', { command: 'reject', run: 42, reason: null }],
    ['reject #42 not  now', { command: 'reject', run: 42, reason: 'not  now' }],
    ['snooze #42', { command: 'snooze', subject: run(42), address: null, until: null, reason: null }],
    [
      'snooze #42 2h',
      { command: 'snooze', subject: run(42), address: null, until: NOW + 2 * HOUR, reason: null },
    ],
    [
      'snooze 42 for 2 hours vendor needs SSH',
      {
        command: 'snooze',
        subject: run(42),
        address: null,
        until: NOW + 2 * HOUR,
        reason: 'vendor needs SSH',
      },
    ],
    [
      'snooze prod 3d "change freeze"',
      {
        command: 'snooze',
        subject: target('prod'),
        address: null,
        until: NOW + 72 * HOUR,
        reason: 'change freeze',
      },
    ],
    [
      'snooze #42 aws_x.y["a b"] until monday 9:00 it’s "fine"',
      {
        command: 'snooze',
        subject: run(42),
        address: 'aws_x.y["a b"]',
        until: Date.parse('2026-07-20T07:00:00Z'),
        reason: 'it’s "fine"',
      },
    ],
    ['unsnooze #42', { command: 'unsnooze', subject: run(42), address: null }],
    [
      'unsnooze prod-network aws_x.y',
      { command: 'unsnooze', subject: target('prod-network'), address: 'aws_x.y' },
    ],
    ['accept #42', { command: 'accept', run: 42, address: null, until: null, reason: null }],
    [
      'accept #42 agreed with security',
      { command: 'accept', run: 42, address: null, until: null, reason: 'agreed with security' },
    ],
    [
      'accept #42 module.a[“x y”].aws_y.z[0] agreed',
      { command: 'accept', run: 42, address: 'module.a["x y"].aws_y.z[0]', until: null, reason: 'agreed' },
    ],
    [
      "accept #42 aws_x.y['k'] agreed",
      { command: 'accept', run: 42, address: 'aws_x.y["k"]', until: null, reason: 'agreed' },
    ],
    [
      'accept #42 `aws_x.y["k]x"]` agreed',
      { command: 'accept', run: 42, address: 'aws_x.y["k]x"]', until: null, reason: 'agreed' },
    ],
    ['unaccept #42', { command: 'unaccept', subject: run(42), address: null }],
    ['baseline prod', { command: 'baseline', target: 'prod' }],
    ['cancel #42', { command: 'cancel', run: 42 }],
    ['why #42', { command: 'why', run: 42 }],
    ['history', { command: 'history', target: null }],
    ['home', { command: 'home' }],
    ['@m0 Home', { command: 'home' }],
    ['oncall', { command: 'oncall' }],
    ['digest prod', { command: 'digest', target: 'prod' }],
    ['subscribe prod', { command: 'subscribe', target: 'prod' }],
    ['unsubscribe prod', { command: 'unsubscribe', target: 'prod' }],
    ['policy prod-network', { command: 'policy', target: 'prod-network' }],
    ['', { command: 'help', topic: null }],
    ['/m0', { command: 'help', topic: null }],
    ['help', { command: 'help', topic: null }],
    ['help Snooze', { command: 'help', topic: 'snooze' }],
  ];
  it.each(cases)('%s', (text, command) => {
    expect(parse(text)).toEqual({ ok: true, command });
  });

  it('every example of the grammar', () => {
    for (const name of COMMAND_NAMES) {
      for (const text of GRAMMAR[name].examples) {
        const result = parse(text);
        expect(result, text).toMatchObject({ ok: true, command: { command: name } });
      }
    }
  });
});

describe('parseCommand refuses, and suggests what works', () => {
  const cases: readonly (readonly [string, RegExp, string | null])[] = [
    ['aprove #42', /aprove/, 'approve #42'],
    ['/m0 snoze #42 2h because', /snoze/, 'snooze #42 2h because'],
    ['stauts prod', /stauts/, 'status prod'],
    ['mute #42 2h', /mute/, 'snooze #42 2h'],
    ['apply #42', /apply/, 'approve #42'],
    ['appr #42', /appr/, 'approve #42'],
    ['#42', /run/, 'show #42'],
    ['xyzzy prod', /xyzzy.*help/, null],
    ['help snoze', /snoze/, 'help snooze'],
    ['drift prod now', /now.*drift \[TARGET\]/, 'drift prod'],
    ['hme', /hme/, 'home'],
    ['inbox', /inbox/, 'home'],
    ['home prod', /prod/, 'home'],
    ['oncall please', /please/, 'oncall'],
    ['approve', /number of a run.*approve #RUN/, null],
    ['approve prod-network', /number of a run.*prod-network/, null],
    ['approve #42 yes please', /yes please/, 'approve #42'],
    ['show #0', /no run/, null],
    ['show #99999999999999999999', /no run/, null],
    ['snooze', /a run, a stack or an environment/, null],
    ['snooze #42 sometime', /sometime.*2h/, null],
    ['snooze #42 aws_x.y sometime', /sometime/, null],
    ['snooze #42 2m', /at least 5 minutes/, null],
    ['snooze #42 91d', /at most 90 days/, null],
    ['snooze #42 until 2026-07-15 09:00', /passed/, null],
    ['snooze #42 until 2026-02-30', /no day/, null],
    ['snooze #42 until monday 25:00', /no time/, null],
    ['snooze #42 until', /for how long/i, null],
    ['snooze #42 for the vendor', /for how long/i, null],
    ['baseline', /name of a stack/, null],
    [`reject #42 ${'x'.repeat(501)}`, /too long/, null],
    ['x'.repeat(5000), /too long/, null],
  ];
  it.each(cases)('%s', (text, problem, suggestion) => {
    const result = parse(text);
    expect(result).toMatchObject({ ok: false, suggestion });
    if (!result.ok) expect(result.problem).toMatch(problem);
  });

  it('with suggestions that work', () => {
    for (const text of ['aprove #42', 'mute #42 2h', '#42', 'help snoze', 'drift prod now']) {
      const result = parse(text);
      if (result.ok || result.suggestion === null) throw new Error(`no suggestion for ${text}`);
      expect(parse(result.suggestion).ok, result.suggestion).toBe(true);
    }
  });
});

describe('what phones, chats and copying add', () => {
  const APPROVE = { command: 'approve', run: 42, seen: null } as const;
  const cases: readonly (readonly [string, Command])[] = [
    ['approve #42.', APPROVE],
    ['approve #42,', APPROVE],
    ['approve #42!', APPROVE],
    ['approve, #42', APPROVE],
    ['Approve: #42', APPROVE],
    ['approve (#42)', APPROVE],
    ['approve *#42*', APPROVE],
    ['approve `#42`', APPROVE],
    ['`approve #42`', APPROVE],
    ['```approve #42```', APPROVE],
    ['"approve #42".', APPROVE],
    ['“approve #42”', APPROVE],
    ['*approve #42*', APPROVE],
    ['`/m0 approve #42`', APPROVE],
    ['"@m0 approve #42"', APPROVE],
    ['/m0 /m0 approve #42', APPROVE],
    ['/m0 @m0 approve #42', APPROVE],
    ['> approve #42', APPROVE],
    ['ａｐｐｒｏｖｅ ＃４２', APPROVE],
    ['approve　＃42', APPROVE],
    ['approve\u200b #42\ufeff', APPROVE],
    ['help?', { command: 'help', topic: null }],
    ['??', { command: 'help', topic: null }],
    ['oncall?', { command: 'oncall' }],
    ['status!', { command: 'status', target: null }],
    ['why #42?', { command: 'why', run: 42 }],
    ['show #42?', { command: 'show', run: 42 }],
    ['drift *prod*', { command: 'drift', target: '*prod*' }],
    ['drift prod-?', { command: 'drift', target: 'prod-?' }],
    ['reject #42: why now?', { command: 'reject', run: 42, reason: 'why now?' }],
    ['reject #42 ｆｕｌｌ', { command: 'reject', run: 42, reason: 'ｆｕｌｌ' }],
    [
      'accept #42 aws_x.y, agreed',
      { command: 'accept', run: 42, address: 'aws_x.y', until: null, reason: 'agreed' },
    ],
    [
      'accept #42 "aws_x.y" agreed',
      { command: 'accept', run: 42, address: 'aws_x.y', until: null, reason: 'agreed' },
    ],
    [
      'snooze #42, aws_x.y: 2h, vendor',
      { command: 'snooze', subject: run(42), address: 'aws_x.y', until: NOW + 2 * HOUR, reason: 'vendor' },
    ],
  ];
  it.each(cases)('does not change the command in %j', (text, command) => {
    expect(parse(text)).toEqual({ ok: true, command });
  });

  const suggested: readonly (readonly [string, string])[] = [
    ['on call', 'oncall'],
    ['on-call', 'oncall'],
    ['who is on call', 'oncall'],
    ['prod?', 'status prod'],
    ['dev', 'status dev'],
    ['status prod, dev', 'status prod'],
    ['drift prod and dev', 'drift prod'],
    ['approve #42?', 'approve #42'],
    ['approve? #42', 'approve #42'],
    ['snooze #42? 2h', 'snooze #42'],
    ['approve run #42', 'approve #42'],
    ['yes #42', 'approve #42'],
    ['yes, #42!', 'approve #42'],
    ['no #42', 'reject #42'],
    ['#42.', 'show #42'],
    ['please approve #42', 'approve #42'],
    ['snooze #42 tomorrow', 'snooze #42 until tomorrow'],
    ['approve #42, #43', 'approve #42'],
    ['help mute', 'help snooze'],
  ];
  it.each(suggested)('gives %j a suggestion that parses', (text, suggestion) => {
    const result = parseCommand(text, { ...CONTEXT, targets: ['prod', 'dev', 'prod-network'] });
    expect(result).toMatchObject({ ok: false, suggestion });
    expect(parse(suggestion)).toMatchObject({ ok: true });
  });

  it('offers each of several targets', () => {
    const result = parseCommand('status prod, dev', { ...CONTEXT, targets: ['prod', 'dev'] });
    expect(result).toMatchObject({ ok: false, suggestion: 'status prod', others: ['status dev'] });
  });

  it.each([
    ['yes', 'approve'],
    ['no', 'reject'],
    ['approve', 'approve'],
    ['ok!', 'approve'],
    ['why', 'why'],
    ['snooze', 'snooze'],
  ])('%j alone decides nothing, and says that the run is missing', (text, command) => {
    expect(parse(text)).toMatchObject({ ok: false, suggestion: null, withoutRun: { command, target: null } });
  });

  it('names what stands in the place of a run', () => {
    expect(parse('approve prod-network')).toMatchObject({
      withoutRun: { command: 'approve', target: 'prod-network' },
    });
  });
});

describe('answers of a form', () => {
  it('complete a snooze', () => {
    expect(parse('snooze #42', { for: '2h', address: 'aws_x.y["a b"]', reason: ' vendor ' })).toEqual({
      ok: true,
      command: {
        command: 'snooze',
        subject: run(42),
        address: 'aws_x.y["a b"]',
        until: NOW + 2 * HOUR,
        reason: 'vendor',
      },
    });
  });

  it('mean the whole run with the address "all"', () => {
    expect(parse('accept #42 aws_x.y', { address: 'all', reason: 'right' })).toEqual({
      ok: true,
      command: { command: 'accept', run: 42, address: null, until: null, reason: 'right' },
    });
  });

  it('do not replace what was typed if they are empty', () => {
    expect(parse('snooze #42 aws_x.y 2h typed', { for: '', reason: '' })).toMatchObject({
      command: { address: 'aws_x.y', until: NOW + 2 * HOUR, reason: 'typed' },
    });
  });

  it('may leave out the word until', () => {
    expect(parse('snooze #42', { for: 'Tomorrow 8:30' })).toMatchObject({
      command: { until: Date.parse('2026-07-16T06:30:00Z') },
    });
  });

  it('are refused if they are invalid', () => {
    expect(parse('snooze #42', { for: 'whenever' })).toMatchObject({ ok: false });
    expect(parse('snooze #42', { for: '1m' })).toMatchObject({ ok: false });
    expect(parse('accept #42', { address: 'no address', reason: 'x' })).toMatchObject({ ok: false });
    expect(parse('accept #42', { reason: 'x'.repeat(501) })).toMatchObject({ ok: false });
  });

  it('have no effect on commands without such arguments', () => {
    expect(parse('approve #42', { reason: 'x', address: 'aws_x.y', for: '2h' })).toEqual({
      ok: true,
      command: { command: 'approve', run: 42, seen: null },
    });
  });
});

describe('usage', () => {
  it('is built from the arguments', () => {
    expect(usageOf('snooze')).toBe('snooze TARGET|#RUN [ADDRESS] FOR [REASON]');
    expect(usageOf('accept')).toBe('accept #RUN [ADDRESS] [until DATE] REASON');
    expect(usageOf('approve')).toBe('approve #RUN');
    expect(usageOf('oncall')).toBe('oncall');
  });
});

/** The commands that a sentence gives as examples. */
function examplesIn(problem: string): readonly string[] {
  return [...problem.matchAll(/as in ([a-z][^.;]*)[.;]/g)].map(([, example = '']) => example);
}

describe('any text', () => {
  const PIECES = [
    ...COMMAND_NAMES,
    ...[
      '#42',
      '42',
      '#',
      '2h',
      'until',
      'monday',
      '9:00',
      'for',
      'tomorrow',
      '2026-12-01',
      'at',
      '3',
      'days',
    ],
    ...[
      'aws_x.y["a b"]',
      '["',
      '"]',
      '[',
      ']',
      '“',
      '”',
      '‘',
      '`',
      '\\',
      '*',
      '?',
      '__proto__',
      'constructor',
    ],
    ...[
      'yes',
      'no',
      'on',
      'call',
      'prod',
      'prod,',
      'dev?',
      'and',
      '#42.',
      '#42?',
      '＃４２',
      '/m0',
      '@m0:',
      'aprove',
    ],
    ...['\u0000', '\ud83d', '😀', '\u202e', '\n', '\t', ' ', '   ', '<!channel>', '../', '9'.repeat(400)],
  ];

  it('gets a result, and only suggestions and examples that parse', () => {
    const random = seeded(42);
    for (let i = 0; i < 8000; i += 1) {
      const words = Array.from({ length: random.int(9) }, () => random.pick(PIECES));
      const text = words.join(random.chance(0.7) ? ' ' : '');
      const answers = random.chance(0.3)
        ? { for: random.pick(PIECES), address: random.pick(PIECES), reason: random.pick(PIECES) }
        : null;
      const result = parseCommand(text, {
        now: NOW + random.int(1e9),
        zone: random.chance(0.9) ? 'Europe/Berlin' : 'No/Where',
        answers,
      });
      if (result.ok) expect(isCommandName(result.command.command)).toBe(true);
      else {
        expect(result.problem, text).not.toBe('');
        for (const other of [result.suggestion, ...(result.others ?? []), ...examplesIn(result.problem)])
          if (other !== null) expect(parse(other).ok, `${text} → ${other}`).toBe(true);
      }
    }
  });

  it('takes bounded time', () => {
    for (const text of ['["', 'a.', '“', '1m', '*', '[0]', '"\\']) {
      expect(parse(`accept #42 ${text.repeat(1900 / text.length)}`)).toBeDefined();
    }
  });
});

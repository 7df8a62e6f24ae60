import { describe, expect, it } from 'vitest';
import { parseCommand } from '../../../src/commands/parse.ts';
import * as texts from '../../../src/commands/text.ts';

const CONTEXT = { now: Date.parse('2026-07-15T12:02:00Z'), zone: 'UTC', answers: null };
const ADDRESS = 'module.a["x y"].aws_y.z[0]';
const subject = { by: 'run', run: 42 };

describe('parseCommand reads the text of every button', () => {
  it.each([
    [
      texts.approveText(42, `0123456789abcdef${'0'.repeat(48)}`),
      { command: 'approve', run: 42, seen: '01234567' },
    ],
    [texts.approveText(42, null), { command: 'approve', run: 42, seen: null }],
    [texts.rejectText(42), { command: 'reject', run: 42, reason: null }],
    [texts.snoozeText(42), { command: 'snooze', subject, address: null, until: null, reason: null }],
    [
      texts.snoozeText(42, ADDRESS),
      { command: 'snooze', subject, address: ADDRESS, until: null, reason: null },
    ],
    [texts.unsnoozeText(42, ADDRESS), { command: 'unsnooze', subject, address: ADDRESS }],
    [
      texts.acceptText(42, ADDRESS),
      { command: 'accept', run: 42, address: ADDRESS, until: null, reason: null },
    ],
    [texts.unacceptText(42), { command: 'unaccept', subject, address: null }],
    [texts.showText(42), { command: 'show', run: 42 }],
    [texts.whyText(42), { command: 'why', run: 42 }],
    [texts.cancelText(42), { command: 'cancel', run: 42 }],
    [texts.driftText('prod-db'), { command: 'drift', target: 'prod-db' }],
    [texts.driftText(null), { command: 'drift', target: null }],
    [texts.statusText('prod'), { command: 'status', target: 'prod' }],
    [texts.historyText('prod'), { command: 'history', target: 'prod' }],
    [texts.helpText('snooze'), { command: 'help', topic: 'snooze' }],
  ])('%s', (text, command) => {
    expect(parseCommand(text, CONTEXT)).toEqual({ ok: true, command });
  });
});

import { describe, expect, it } from 'vitest';
import { historyWords } from '../../../src/messages/history-line.ts';
import type { AuditEntry } from '../../../src/model/audit-entry.ts';
import { M0, RUN_STATES } from '../../../src/model/run.ts';
import { EVENT_STATES } from '../../../src/runs/machine.ts';

const SCOPE = [{ address: 'aws_security_group.web', fingerprint: 'f2:a' }];

function said(action: string, detail: string | null, more: Partial<AuditEntry> = {}): string {
  const entry: AuditEntry = {
    ...{ at: 0, actor: M0, action, stack: 'prod', runId: 42, fingerprint: null, commit: null, detail },
    ...more,
  };
  const { did, rest } = historyWords(entry);
  return [did, ...rest].join(' | ');
}

describe('a line of the history', () => {
  it.each<[string, string, string | null, Partial<AuditEntry>]>([
    [
      'approved | aws_security_group.web',
      'approve',
      'awaiting_approval -> approved: 1 of 1',
      { scope: SCOPE },
    ],
    ['approved | approval 1 of 2', 'approve', 'awaiting_approval -> awaiting_approval: 1 of 2', {}],
    ['rejected | it ships on Monday', 'reject', 'awaiting_approval -> rejected: it ships on Monday', {}],
    ['asked the policies about | it waits for a person', 'decided', 'deciding -> awaiting_approval', {}],
    ['planned after the apply of | nothing of it is left', 'verified', 'verifying -> realigned', {}],
    ['could not finish | it failed | no way', 'fail', 'planning -> failed: no way', {}],
    [
      'snoozed drift of | aws_x.y until 2026-03-02T12:00:00.000Z: vendor',
      'snooze',
      'aws_x.y until 2026-03-02T12:00:00.000Z: vendor',
      { scope: SCOPE },
    ],
    ['something-new | as it is', 'something-new', 'as it is', {}],
  ])('%s', (words, action, detail, more) => {
    expect(said(action, detail, more)).toBe(words);
  });

  it('never shows the name of a state or an event as it is stored', () => {
    for (const action of Object.keys(EVENT_STATES)) {
      for (const before of Object.keys(RUN_STATES)) {
        for (const after of Object.keys(RUN_STATES)) {
          const words = said(action, `${before} -> ${after}: why`);
          expect(words).not.toContain('->');
          expect(words).not.toMatch(/[a-z]_[a-z]/);
          expect(words.split(' | ')[0]).toMatch(/ |^approved$|^rejected$|^canceled$|^planned$|^applied$/);
        }
      }
    }
  });
});

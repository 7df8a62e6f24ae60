import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checksFingerprint, failingChecks } from '../../../src/runs/conditions.ts';
import { hasEmptied } from '../../../src/runs/empty-state.ts';
import { transition } from '../../../src/runs/machine.ts';
import type { Planned, RunEvent } from '../../../src/runs/run-event.ts';
import { decidedRun, decision, NOON, planned, run, sshFinding, tagFinding } from '../../support/runs.ts';

const TAG = tagFinding();
const SSH = sshFinding();
const SEEN = { resources: 41, run: 7, at: NOON - 1 };
const known = fc.option(fc.nat(3), { nil: undefined });
const empty = (findings: Planned['findings']): Planned => ({ ...planned(findings), resourcesInState: 0 });

describe('an emptied state', () => {
  it('needs a number before that is known and not 0, and 0 now', () => {
    fc.assert(
      fc.property(known, known, (before, now) => {
        expect(hasEmptied(before, now)).toBe(before !== undefined && before > 0 && now === 0);
      }),
    );
  });

  it('ends a check whatever was decided, with no scope and no plan, so that nothing can be applied', () => {
    for (const verdict of ['auto', 'human', 'deny'] as const) {
      const findings = [TAG, SSH];
      const deciding = run({ state: 'deciding', ...empty(findings) });
      const step = transition(
        deciding,
        {
          type: 'decided',
          decision: decision(findings, { [TAG.address]: verdict, [SSH.address]: verdict }),
          ...{ exemptions: [], openAlertRun: null, seenState: SEEN },
        },
        NOON,
      );
      expect(step).toMatchObject({
        ok: true,
        run: { state: 'state_empty', scope: [], plan: null, emptied: SEEN },
        effects: [{ type: 'check-worked' }],
      });
    }
  });

  it('ends an approved run, by people or by policy, and recalls the people', () => {
    const approved = { ...decidedRun('approved', [SSH]), resourcesInState: 41, scope: [SSH] };
    const moved = { approvedBy: [], approvedAt: NOON, before: [SSH], after: [TAG], also: [] };
    const event: RunEvent = {
      type: 'moved',
      ...{ planned: empty([TAG]), decision: decision([TAG], {}), exemptions: [], moved },
    };
    const step = transition(approved, event, NOON);
    expect(step).toMatchObject({
      ok: true,
      run: { state: 'state_empty', scope: [], emptied: { resources: 41, run: 42 } },
    });
    // The same with a state that was empty when it was approved: a new stack.
    const fresh = transition({ ...approved, resourcesInState: 0 }, event, NOON);
    expect(fresh.ok && fresh.run.state).not.toBe('state_empty');
  });
});

describe('failing conditions', () => {
  const check = fc.record({
    address: fc.constantFrom('check.a', 'check.b', 'x.y'),
    kind: fc.constantFrom('check', 'resource'),
    status: fc.constantFrom('fail' as const, 'error' as const, 'unknown' as const),
    problems: fc.array(fc.string(), { maxLength: 2 }),
  });

  it('are those that did not pass and could be evaluated', () => {
    fc.assert(
      fc.property(fc.array(check), (checks) => {
        expect(failingChecks(checks)).toEqual(checks.filter((c) => c.status !== 'unknown'));
      }),
    );
  });

  it('have a fingerprint that does not depend on their order or the words of their messages', () => {
    fc.assert(
      fc.property(fc.array(check), fc.string(), (checks, words) => {
        const others = checks.toReversed().map((c) => ({ ...c, problems: c.problems.map(() => words) }));
        expect(checksFingerprint(others)).toBe(checksFingerprint(checks));
      }),
    );
    const one = { address: 'check.a', kind: 'check', status: 'fail', problems: ['x'] } as const;
    const others = [
      { ...one, address: 'check.b' },
      { ...one, problems: ['x', 'y'] },
      { ...one, status: 'error' as const },
    ];
    for (const other of others) expect(checksFingerprint([other])).not.toBe(checksFingerprint([one]));
  });
});

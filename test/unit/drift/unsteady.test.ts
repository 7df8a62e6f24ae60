import { describe, expect, it } from 'vitest';
import { analyzePlan } from '../../../src/drift/analyze.ts';
import type { Finding } from '../../../src/drift/finding.ts';
import { readPlan } from '../../../src/drift/read-plan.ts';
import { type Planned, planJson } from '../../support/plan.ts';

function only(planned: Planned, timestamp: string): Finding {
  const plan = planJson([planned], { timestamp });
  const [finding] = analyzePlan(readPlan(JSON.stringify(plan), 'p'), { key: 'k' }).findings;
  return finding as Finding;
}
const MORNING = '2026-11-28T09:41:07Z';
const LATER = '2026-11-28T09:43:30Z';

describe('a value that the code computes anew in every plan', () => {
  const stamped = (text: string): Planned => ({
    ...{ recorded: { note: 'old' }, actual: { note: 'old' }, desired: { note: text } },
    expressions: { note: {} },
  });

  it.each([MORNING, 'built 20261128094107', '2026-11-28 09:41', 'v2026.11.28-0941'])(
    '%s is marked',
    (text) => {
      expect(only(stamped(text), MORNING).attributes).toMatchObject([{ path: 'note', unsteady: true }]);
    },
  );

  it.each(['2026-11-28', 'old', '2026-11-27T09:41:07Z'])('%s is not', (text) => {
    const [row] = only(stamped(text === 'old' ? 'new' : text), MORNING).attributes;
    expect(row).not.toHaveProperty('unsteady');
  });

  it('keeps its fingerprint from check to check, while the change hash moves', () => {
    const [first, second] = [only(stamped(MORNING), MORNING), only(stamped(LATER), LATER)];
    expect(second.fingerprint).toBe(first.fingerprint);
    expect(second.change).not.toBe(first.change);
  });

  it.each(['new in the code', 'deleted by hand'])('does the same where the resource is %s', (what) => {
    const had = what === 'deleted by hand' ? { note: 'old', size: '1' } : null;
    const created = (time: string, size = '1'): Finding =>
      only(
        {
          ...{ recorded: had, actual: null, desired: { note: { built: time }, size } },
          actions: ['create'],
        },
        time,
      );
    const [first, second] = [created(MORNING), created(LATER)];
    expect(first).toMatchObject({ action: 'create', contents: [{ path: 'note.built', unsteady: true }, {}] });
    expect(first.contents?.[1]).not.toHaveProperty('unsteady');
    expect(second.fingerprint).toBe(first.fingerprint);
    expect(second.change).not.toBe(first.change);
    expect(created(MORNING, '2').fingerprint).not.toBe(first.fingerprint);
  });

  it('is marked where it is unknown and refers to nothing, as timestamp() and uuid()', () => {
    const late: Planned = {
      ...{ recorded: { note: 'old' }, actual: { note: 'old' }, desired: { note: null } },
      ...{ unknown: { note: true }, actions: ['update'] },
    };
    expect(only({ ...late, expressions: { note: {} } }, MORNING).attributes).toMatchObject([
      { unsteady: true },
    ]);
    const referring = { note: { references: ['aws_thing.b.id'] } };
    expect(only({ ...late, expressions: referring }, MORNING).attributes[0]).not.toHaveProperty('unsteady');
  });
});

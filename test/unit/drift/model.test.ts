import { describe, expect, it } from 'vitest';
import { analyzePlan } from '../../../src/drift/analyze.ts';
import type { Json, Origin } from '../../../src/drift/finding.ts';
import { PlanError, readPlan } from '../../../src/drift/read-plan.ts';
import { type Planned, plan, planJson } from '../../support/plan.ts';
import { type Random, seeded } from '../../support/random.ts';

/** The kinds of change to one attribute, with the origin and whether an apply leaves it in place. */
const CHANGES = {
  nothing: null,
  byHand: { origin: 'cloud', kept: false },
  inCode: { origin: 'code', kept: false },
  inBoth: { origin: 'both', kept: false },
  ignored: { origin: 'cloud', kept: true },
} as const;
type Change = keyof typeof CHANGES;

const VALUES: readonly (readonly [Json, Json, Json])[] = [
  [1, 2, 3],
  ['a', 'b', null],
  [null, 'x', 'y'],
  [true, false, null],
  ['{"a":1}', '{"a":2}', '{"a":[3]}'],
  [[{ x: 1 }, { x: 2 }], [{ x: 2 }], [{ x: 3 }, { x: 2 }]],
];

interface Story {
  readonly planned: Planned;
  readonly origins: ReadonlyMap<string, Origin>;
  readonly touched: boolean;
}

function story(random: Random, address: string): Story {
  const [recorded, actual, desired, expressions]: Record<string, Json>[] = [{}, {}, {}, {}];
  const origins = new Map<string, Origin>();
  let touched = false;
  for (let i = 0; i <= random.int(5); i++) {
    const name = `attr_${i}`;
    const change = random.pick(Object.keys(CHANGES) as Change[]);
    const [was, now, wanted] = random.pick(VALUES);
    const points: Record<Change, readonly [Json, Json, Json]> = {
      nothing: [was, was, was],
      byHand: [was, now, was],
      inCode: [was, was, now],
      inBoth: [was, now, wanted],
      ignored: [was, now, now],
    };
    const [r, a, d] = points[change];
    Object.assign(recorded ?? {}, { [name]: r });
    Object.assign(actual ?? {}, { [name]: a });
    Object.assign(desired ?? {}, { [name]: d });
    Object.assign(expressions ?? {}, { [name]: { references: ['var.x'] } });
    const done = CHANGES[change];
    if (done === null) continue;
    origins.set(name, done.origin);
    touched ||= !done.kept;
  }
  const planned = {
    address,
    recorded: recorded ?? {},
    actual: actual ?? {},
    desired: desired ?? {},
    expressions: expressions ?? {},
  };
  return { planned, origins, touched };
}

describe('any changes', () => {
  it.each(Array.from({ length: 60 }, (_, seed) => seed))(
    'are the changes that are reported (seed %i)',
    (seed) => {
      const random = seeded(seed);
      const stories = Array.from({ length: 1 + random.int(6) }, (_, i) => story(random, `aws_thing.n${i}`));
      const { findings } = analyzePlan(plan(stories.map((s) => s.planned)), { key: 'k' });

      const expected = stories.filter((s) => s.origins.size > 0);
      expect(findings.map((f) => f.address)).toEqual(expected.map((s) => s.planned.address));
      for (const [i, { origins, touched }] of expected.entries()) {
        const finding = findings[i];
        expect(finding?.actionable).toBe(touched);
        const told = new Map(finding?.attributes.map((a) => [a.path.replace('[*]', ''), a.origin]));
        expect([...told.keys()].sort()).toEqual([...origins.keys()].sort());
        for (const attribute of finding?.attributes ?? []) {
          // Each element of a list has its own origin: only whole values have the origin of the change.
          if (attribute.path.endsWith('[*]')) continue;
          expect(attribute.origin).toBe(origins.get(attribute.path));
        }
      }
    },
  );
});

describe('any input', () => {
  const whole = JSON.stringify(
    planJson([{ recorded: { a: 1, s: ['x'] }, actual: { a: 2, s: ['y'] }, desired: { a: 1, s: ['x'] } }]),
  );

  it.each(Array.from({ length: 80 }, (_, seed) => seed))(
    'is analysed or refused and never crashes (seed %i)',
    (seed) => {
      const random = seeded(seed);
      const bytes = Buffer.from(whole);
      for (let i = 0; i <= random.int(4); i++) bytes[random.int(bytes.length)] = random.int(256);
      const cut = random.chance(0.3) ? bytes.subarray(0, random.int(bytes.length)) : bytes;
      let refused: unknown;
      try {
        analyzePlan(readPlan(cut, 'p'), { key: 'k' });
      } catch (error) {
        refused = error;
      }
      if (refused !== undefined) expect(refused).toBeInstanceOf(PlanError);
    },
  );

  it.each(Array.from({ length: 60 }, (_, seed) => seed))(
    'is analysed or refused if a part has another type (seed %i)',
    (seed) => {
      const random = seeded(seed);
      const odd: readonly Json[] = [null, 0, '', 'x', [], {}, [[]], { a: null }, true];
      const warp = (value: Json): Json => {
        if (random.chance(0.03)) return random.pick(odd);
        if (Array.isArray(value)) return value.map((item: Json) => warp(item));
        if (typeof value !== 'object' || value === null) return value;
        return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, warp(v as Json)]));
      };
      let refused: unknown;
      try {
        analyzePlan(readPlan(JSON.stringify(warp(JSON.parse(whole) as Json)), 'p'), { key: 'k' });
      } catch (error) {
        refused = error;
      }
      if (refused !== undefined) expect(refused).toBeInstanceOf(PlanError);
    },
  );
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { explain } from '../../../src/cli/explain.ts';
import { analyzePlan } from '../../../src/drift/analyze.ts';
import type { Action, Finding, Json, Origin } from '../../../src/drift/finding.ts';
import { readPlan } from '../../../src/drift/read-plan.ts';
import {
  type Attribute,
  adjusted,
  type ChangedResource,
  changedStacks,
  type ExpectedDrift,
  isDue,
  meaning,
  originOf,
  type Points,
  plannedOf,
} from '../../support/drift-generators.ts';
import { planJson } from '../../support/plan.ts';

const RUNS = { numRuns: 300 };

function documentOf(told: readonly ChangedResource[]): string {
  // Two resources can't have moved from the same address.
  const planned = told.map((story, i) => {
    const one = plannedOf(story);
    return one.previousAddress === undefined ? one : { ...one, previousAddress: `aws_thing.before${i}` };
  });
  return JSON.stringify(planJson(planned));
}

function findingsOf(text: string): readonly Finding[] {
  return analyzePlan(readPlan(text, 'p'), { key: 'k' }).findings;
}

const ACTIONS: Record<ChangedResource['change'], Action | undefined> = {
  stays: undefined,
  moved: undefined,
  imported: undefined,
  replaced: 'replace',
  created: 'create',
  lost: 'create',
  deleted: 'delete',
  forgotten: 'forget',
};

function expectedOrigin(story: ChangedResource, rows: readonly ExpectedDrift[]): Origin {
  if (story.change === 'lost') return 'cloud';
  if (story.change === 'deleted' || story.change === 'forgotten') return rows.length > 0 ? 'both' : 'code';
  const due = rows.filter(({ points: [, a, d] }) => meaning(a) !== meaning(d));
  const origins = new Set((due.length > 0 ? due : rows).map((row) => originOf(row.points)));
  if (origins.size === 0) return 'code';
  const [only] = origins;
  return origins.size === 1 && only !== undefined ? only : 'both';
}

function kindOf([recorded, actual, desired]: Points): string {
  const next = meaning(recorded) === meaning(actual) ? desired : actual;
  if (recorded === null) return 'added';
  return next === null ? 'removed' : 'changed';
}

function expectedRow(row: ExpectedDrift, goes: boolean): Record<string, unknown> {
  const [recorded, actual, desired] = row.points.map((value) =>
    meaning(row.sensitive && value !== null ? { sensitive: true } : value),
  );
  return {
    path: row.path,
    origin: goes ? 'cloud' : originOf(row.points),
    kind: kindOf(row.points),
    recorded,
    actual,
    desired,
    sensitive: row.sensitive,
  };
}

const byText = (a: unknown, b: unknown): number => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1);

/** The expected result for a story; undefined if nothing was changed. */
function expected(story: ChangedResource): Record<string, unknown> | undefined {
  const rows = story.attributes.flatMap((one) => one.expected);
  const action = ACTIONS[story.change] ?? (isDue(story) ? 'update' : 'none');
  // A move or an import writes the state, even if nothing else changes.
  const writesState = story.change === 'moved' || story.change === 'imported';
  if (rows.length === 0 && action === 'none' && !writesState) return undefined;
  const goes = story.change === 'deleted' || story.change === 'forgotten';
  return {
    address: story.address,
    origin: expectedOrigin(story, rows),
    action,
    actionable: action !== 'none',
    deletedByHand: story.change === 'lost' ? true : undefined,
    moved: story.change === 'moved',
    attributes: rows.map((row) => expectedRow(row, goes)).sort(byText),
  };
}

function told(finding: Finding): Record<string, unknown> {
  const { address, origin, action, actionable, deletedByHand, previousAddress, attributes } = finding;
  const rows = attributes.map((row) => {
    const [recorded, actual, desired] = [row.recorded, row.actual, row.desired].map((v) =>
      meaning(v as Json),
    );
    const { path, origin: whose, kind, sensitive } = row;
    return { path, origin: whose, kind, recorded, actual, desired, sensitive };
  });
  return {
    address,
    origin,
    action,
    actionable,
    deletedByHand,
    moved: previousAddress !== undefined,
    attributes: rows.sort(byText),
  };
}

const byAddress = (a: ChangedResource, b: ChangedResource): number => (a.address < b.address ? -1 : 1);

describe('any changes', () => {
  it('are the changes that are reported', () => {
    fc.assert(
      fc.property(changedStacks, (given) => {
        const done = given.map(adjusted).sort(byAddress);
        const answer = findingsOf(documentOf(done)).map(told);
        expect(answer).toEqual(done.map(expected).filter((one) => one !== undefined));
      }),
      RUNS,
    );
  });

  it('are reported per place inside a document', () => {
    fc.assert(
      fc.property(changedStacks, (given) => {
        const done = given
          .map(adjusted)
          .filter(({ change }) => change !== 'deleted' && change !== 'forgotten');
        const answer = new Map(findingsOf(documentOf(done)).map((finding) => [finding.address, finding]));
        for (const story of done) {
          for (const row of story.attributes.flatMap((one) => one.expected)) {
            const json = answer.get(story.address)?.attributes.find(({ path }) => path === row.path)?.json;
            const inner = json?.map((place) => place.path.replace(/\[\*\]$/, ''));
            const places = row.json?.map((place) => place.path);
            expect(inner && [...new Set(inner)].map(top).sort()).toEqual(places?.sort());
          }
        }
      }),
      RUNS,
    );
  });

  it('the attribute that forces a replace is marked', () => {
    fc.assert(
      fc.property(changedStacks, (given) => {
        for (const finding of findingsOf(documentOf(given.map(adjusted)))) {
          const forcing = finding.attributes.filter((row) => row.forcesReplacement).map((row) => row.path);
          expect(forcing).toEqual(finding.action === 'replace' ? ['force'] : []);
        }
      }),
      RUNS,
    );
  });
});

/** The first key of a path inside a document. */
function top(path: string): string {
  return /^(\["(?:[^"\\]|\\.)*"\]|[^.[]+)/.exec(path)?.[1] ?? path;
}

/** The same document with another order of keys, resources and list elements. */
function shuffled(text: string): string {
  const turn = (value: Json, key = ''): Json => {
    if (Array.isArray(value)) {
      const items = value.map((item: Json) => turn(item));
      // The order of these lists has a meaning.
      return key === 'actions' || key === 'replace_paths' ? items : items.toReversed();
    }
    if (typeof value !== 'object' || value === null) return value;
    const entries = Object.entries(value).toReversed();
    return Object.fromEntries(entries.map(([name, child]) => [name, turn(child as Json, name)]));
  };
  return JSON.stringify(turn(JSON.parse(text) as Json));
}

const digests = (text: string): string[] => findingsOf(text).map((finding) => finding.fingerprint);

describe('fingerprints', () => {
  it('do not change with another order or another spelling of an empty value', () => {
    fc.assert(
      fc.property(changedStacks, (given) => {
        const text = documentOf(given.map(adjusted));
        expect(digests(shuffled(text))).toEqual(digests(text));
      }),
      RUNS,
    );
  });

  it('change when any of the three values changes', () => {
    const place = fc.constantFrom(0 as const, 1 as const, 2 as const);
    fc.assert(
      fc.property(changedStacks, fc.nat(), place, (given, at, which) => {
        const done = given.map(adjusted).sort(byAddress);
        const candidates = done.flatMap((story, s) =>
          ['stays', 'moved', 'replaced'].includes(story.change)
            ? story.attributes.flatMap((one, a) =>
                one.expected.length > 0 && isPlain(one, which) ? [[s, a] as const] : [],
              )
            : [],
        );
        fc.pre(candidates.length > 0);
        const [s, a] = candidates[at % candidates.length] ?? [0, 0];
        const moved = done.map((story, i) => (i === s ? nudged(story, a, which) : story));
        const address = done[s]?.address;
        const digest = (of: readonly ChangedResource[]): string | undefined =>
          findingsOf(documentOf(of)).find((finding) => finding.address === address)?.fingerprint;
        expect(digest(moved)).not.toBe(digest(done));
      }),
      RUNS,
    );
  });
});

const isPlain = (one: Attribute, place: 0 | 1 | 2): boolean =>
  !(one.unknown && place === 2) && one.expected[0]?.path === one.name && one.expected[0].json === undefined;

function nudged(story: ChangedResource, at: number, place: 0 | 1 | 2): ChangedResource {
  const attributes = story.attributes.map((one, i) => {
    if (i !== at) return one;
    const points = one.points.map((value, p) =>
      p === place ? `another ${String(value)}` : value,
    ) as unknown as Points;
    return { ...one, points, expected: one.expected.map((row) => ({ ...row, points })) };
  });
  return { ...story, attributes };
}

describe('secrets', () => {
  it('never appear in the output, even if the plan has unmasked copies', async () => {
    await fc.assert(
      fc.asyncProperty(changedStacks, fc.boolean(), async (given, asJson) => {
        const done = given.map(adjusted);
        const planned = done.map(plannedOf);
        const plain = JSON.stringify(planned);
        // A plan does not contain what existed before a create or an import.
        const secrets = done
          .flatMap((story) => story.attributes.flatMap((one) => one.secrets ?? []))
          .filter((one) => plain.includes(one));
        const copy = {
          address: 'aws_thing.copies',
          recorded: { text: 'nothing', k: { x: 1 } },
          actual: {
            text: secrets.map((s) => `postgres://user:${encodeURIComponent(s)}@host`).join(),
            k: { x: secrets.join(' ') },
          },
        };
        const text = JSON.stringify(planJson([...planned, copy]));
        let out = '';
        const write = (text: string): void => {
          out += text;
        };
        await explain(['p', '--noise', ...(asJson ? ['--json'] : [])], {
          out: write,
          err: write,
          color: false,
          readFile: async () => Buffer.from(text),
        });
        expect(out).toContain('copies');
        for (const secret of secrets) expect(out).not.toContain(secret);
      }),
      { numRuns: 150 },
    );
  });
});

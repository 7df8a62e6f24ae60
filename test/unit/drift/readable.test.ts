import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { analyzePlan } from '../../../src/drift/analyze.ts';
import { describeFinding } from '../../../src/drift/describe.ts';
import type { AttributeDrift, Json } from '../../../src/drift/finding.ts';
import { readableAttributes } from '../../../src/drift/readable.ts';
import { describeValue } from '../../../src/drift/value-text.ts';
import { type Planned, plan } from '../../support/plan.ts';

function findingOf(planned: Planned) {
  const [finding] = analyzePlan(plan([planned]), { key: 'k' }).findings;
  if (finding === undefined) throw new Error('a finding');
  return finding;
}

/** `path: recorded → actual (desired)`, and the same for what differs inside. */
function told(planned: Planned): readonly string[] {
  const text = (value: AttributeDrift['actual']): string => describeValue(value, 500);
  return readableAttributes(findingOf(planned).attributes).flatMap((attribute) =>
    attribute.json === undefined
      ? [`${attribute.path}: ${text(attribute.recorded)} → ${text(attribute.actual)}`]
      : attribute.json.map(
          (inner) => `${attribute.path} › ${inner.path}: ${text(inner.recorded)} → ${text(inner.actual)}`,
        ),
  );
}

/** By hand: recorded and desired are the same. */
const moved = (recorded: Record<string, Json>, actual: Record<string, Json>): Planned => ({
  recorded,
  actual,
  desired: recorded,
});

const rule = (port: number, source: string, description = ''): Json => ({
  from_port: port,
  to_port: port,
  protocol: 'tcp',
  cidr_blocks: [source],
  description,
});

describe('firewall rules', () => {
  const OPENED = moved({ ingress: [rule(22, '10.0.0.0/8')] }, { ingress: [rule(22, '0.0.0.0/0')] });

  it('a rule alone is one rule, whatever changed inside', () => {
    expect(told(OPENED)).toEqual(['ingress[0]: 22/tcp from 10.0.0.0/8 → 22/tcp from 0.0.0.0/0']);
    expect(describeFinding(findingOf(OPENED))).toBe('1 rule changed by hand on aws_thing.a');
    const both = moved({ egress: [rule(22, '10.0.0.0/8', 'a')] }, { egress: [rule(23, '0.0.0.0/0', 'b')] });
    expect(told(both)).toEqual(['egress[0]: 22/tcp from 10.0.0.0/8 "a" → 23/tcp from 0.0.0.0/0 "b"']);
  });

  it('keeps the paths and values that scripts rely on', () => {
    expect(findingOf(OPENED).attributes.map((a) => [a.path, a.kind, a.recorded, a.actual])).toEqual([
      ['ingress[0].cidr_blocks[*]', 'added', null, '0.0.0.0/0'],
      ['ingress[0].cidr_blocks[*]', 'removed', '10.0.0.0/8', null],
    ]);
  });

  it('a removed and an added rule are one by their ports, or else by their sources', () => {
    const rest = [rule(80, '10.0.0.0/8'), rule(81, '10.0.0.1/32')];
    const ports = moved(
      { ingress: [...rest, rule(22, '10.0.0.0/8')] },
      { ingress: [...rest, rule(22, '::/0')] },
    );
    expect(told(ports)).toEqual(['ingress[*]: 22/tcp from 10.0.0.0/8 → 22/tcp from ::/0']);
    const sources = moved(
      { ingress: [...rest, rule(22, '10.9.0.0/16')] },
      { ingress: [...rest, rule(2222, '10.9.0.0/16')] },
    );
    expect(told(sources)).toEqual(['ingress[*]: 22/tcp from 10.9.0.0/16 → 2222/tcp from 10.9.0.0/16']);
  });

  it('two rules with the same ports stay apart, because it is not clear which became which', () => {
    const some = moved(
      { ingress: [rule(22, '10.0.0.0/16'), rule(22, '10.1.0.0/16')] },
      { ingress: [rule(22, '10.2.0.0/16'), rule(22, '10.3.0.0/16')] },
    );
    expect(told(some)).toHaveLength(4);
  });

  it('rules of a network ACL have a number and can deny', () => {
    const acl = (action: string): Json => ({
      rule_no: 100,
      action,
      protocol: '-1',
      from_port: 0,
      to_port: 0,
      cidr_block: '0.0.0.0/0',
      ipv6_cidr_block: '',
    });
    expect(told(moved({ ingress: [acl('deny')] }, { ingress: [acl('allow')] }))).toEqual([
      'ingress[0]: rule 100: deny all traffic from 0.0.0.0/0 → rule 100: all traffic from 0.0.0.0/0',
    ]);
  });

  it('rules with the same number are one, though ports and sources changed', () => {
    const acl = (number: number, port: number, source: string): Json => ({
      ...(rule(port, source) as Record<string, Json>),
      rule_no: number,
    });
    const some = moved(
      { ingress: [acl(100, 22, '10.0.0.0/8'), acl(110, 80, '10.0.0.0/8')] },
      { ingress: [acl(100, 23, '0.0.0.0/0'), acl(110, 80, '10.0.0.0/8')] },
    );
    expect(told(some)).toEqual([
      'ingress[*]: rule 100: 22/tcp from 10.0.0.0/8 → rule 100: 23/tcp from 0.0.0.0/0',
    ]);
  });

  it('a difference that would not be seen in the short form is told in the long one', () => {
    const secret = { sensitive: { ingress: [{ description: true }] } };
    const [one, other] = [rule(22, '10.0.0.0/8', 'first secret'), rule(22, '10.0.0.0/8', 'other secret')];
    expect(told({ ...moved({ ingress: [one] }, { ingress: [other] }), ...secret })).toEqual([
      'ingress[0].description: (sensitive) → (sensitive)',
    ]);
    const rest = rule(80, '10.0.0.0/8');
    expect(told({ ...moved({ ingress: [one, rest] }, { ingress: [other, rest] }), ...secret })).toHaveLength(
      2,
    );
  });
});

it('what nobody can set was changed "outside of the code", not "by hand"', () => {
  const finding = findingOf(moved({ state: 'running', size: 's' }, { state: 'stopped', size: 'm' }));
  const attributes = finding.attributes.map((attribute) =>
    attribute.path === 'state' ? { ...attribute, computed: true as const } : attribute,
  );
  const words = describeFinding({ ...finding, attributes });
  expect(words).toContain('size changed by hand');
  expect(words).toContain('state changed outside of the code');
});

describe('elements with a name', () => {
  const block = (name: string, ttl: number): Json => ({ name, ttl, value: 'x' });

  it('are paired, and only what differs inside is told', () => {
    const some = moved(
      { setting: [block('a', 1), block('b', 1)] },
      { setting: [block('a', 2), block('b', 1)] },
    );
    expect(told(some)).toEqual(['setting[name="a"] › ttl: 1 → 2']);
    expect(describeFinding(findingOf(some))).toBe('setting[name="a"] changed by hand on aws_thing.a');
  });

  it('are paired in JSON documents as well, also inside each other', () => {
    const document = (image: string, level: string): string =>
      JSON.stringify([
        {
          name: 'web',
          image,
          environment: [
            { name: 'LEVEL', value: level },
            { name: 'A', value: '1' },
          ],
        },
        { name: 'log', image: 'l' },
      ]);
    expect(
      told(moved({ containers: document('w:1', 'info') }, { containers: document('w:2', 'debug') })),
    ).toEqual([
      'containers › [name="web"].environment[name="LEVEL"].value: info → debug',
      'containers › [name="web"].image: w:1 → w:2',
    ]);
  });

  it('are paired by Sid in a policy; `explain --json` still has whole statements', () => {
    const policy = (effect: string): string =>
      JSON.stringify({
        Statement: [
          { Sid: 'Read', Effect: 'Allow', Action: 's3:GetObject', Resource: '*' },
          { Sid: 'NoDelete', Effect: effect, Action: ['s3:DeleteObject'], Resource: '*' },
        ],
      });
    const some = moved({ policy: policy('Deny') }, { policy: policy('Allow') });
    expect(told(some)).toEqual(['policy › Statement[Sid="NoDelete"].Effect: Deny → Allow']);
    expect(findingOf(some).attributes[0]?.json?.map((inner) => inner.path)).toEqual([
      'Statement[*]',
      'Statement[*]',
    ]);
  });

  it('stay apart if something in them is hidden', () => {
    const some = (ttl: number): Record<string, Json> => ({
      setting: [
        { name: 'a', ttl, password: 'hunter2-hunter2' },
        { name: 'b', ttl: 1, password: 'hunter2-hunter2' },
      ],
    });
    const planned = { ...moved(some(1), some(2)), sensitive: { setting: [{ password: true }] } };
    expect(told(planned)).toHaveLength(2);
    expect(JSON.stringify(told(planned))).not.toContain('hunter2');
  });

  const names = fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 4 });
  const element = fc.record({ ttl: fc.integer({ min: 0, max: 2 }), tag: fc.constantFrom('x', 'y') });

  it('every value that differs is told, and nothing that is equal; or that only the order differs', () => {
    const list = fc.tuple(names, fc.array(element, { minLength: 4, maxLength: 4 }));
    fc.assert(
      fc.property(list, list, ([before, was], [after, is]) => {
        const [recorded, actual] = [
          before.map((name, i) => ({ name, ...was[i] })),
          after.map((name, i) => ({ name, ...is[i] })),
        ] as [Json[], Json[]];
        const attributes = analyzePlan(plan([moved({ setting: recorded }, { setting: actual })]), {
          key: 'k',
        }).findings.flatMap((finding) => finding.attributes);
        const texts = (list: Json[]): string[] => list.map((one) => JSON.stringify(one));
        const reordered =
          texts(recorded).join() !== texts(actual).join() &&
          texts(recorded).sort().join() === texts(actual).sort().join();
        if (reordered) {
          expect(readableAttributes(attributes)).toMatchObject([{ path: 'setting', orderOnly: true }]);
          return;
        }
        const words = JSON.stringify(readableAttributes(attributes));
        for (const name of ['a', 'b', 'c', 'd']) {
          const find = (list: Json[]) =>
            list.find((one) => (one as { readonly name: string }).name === name) as
              | { readonly ttl: number }
              | undefined;
          const [old, now] = [find(recorded), find(actual)];
          const differs = JSON.stringify(old) !== JSON.stringify(now);
          if (recorded.length > 1 && actual.length > 1) {
            const inPath =
              words.includes(`[name=\\\\\\"${name}\\\\\\"]`) || words.includes(`[name=\\"${name}\\"]`);
            const inValue = words.includes(`"name":"${name}"`);
            expect(inPath || inValue).toBe(differs);
          }
        }
      }),
      // Only the order differs.
      {
        examples: [
          [
            [
              ['c', 'b'],
              [
                { ttl: 2, tag: 'x' },
                { ttl: 1, tag: 'x' },
              ],
            ],
            [
              ['b', 'c'],
              [
                { ttl: 1, tag: 'x' },
                { ttl: 2, tag: 'x' },
              ],
            ],
          ],
        ],
      },
    );
  });
});

describe('an empty list in a JSON document', () => {
  it('equals a missing one, and nothing else', () => {
    const document = (value: object): Record<string, Json> => ({ document: JSON.stringify(value) });
    const findings = (a: object, b: object) =>
      analyzePlan(plan([moved(document(a), document(b))]), { key: 'k' }).findings;
    expect(findings({ a: 1, list: [] }, { a: 1 })).toEqual([]);
    for (const other of [{ list: '' }, { list: {} }, { list: [[]] }, { list: [null] }, { list: 0 }]) {
      expect(findings({ a: 1, list: [] }, { a: 1, ...other })).not.toEqual([]);
    }
    expect(findings({ list: [[], 1] }, { list: [null, 1] })).not.toEqual([]);
  });
});

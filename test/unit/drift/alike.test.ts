import { describe, expect, it } from 'vitest';
import { alikeWords, blockAddress, groupAlike } from '../../../src/drift/alike.ts';
import type { Finding } from '../../../src/drift/finding.ts';
import { byHand, finding } from '../../support/views.ts';

const itself = (one: Finding): Finding => one;
const tag = byHand('tags.Owner', 'platform', null);

function groups(findings: readonly Finding[], statusOf?: (one: Finding) => string): readonly string[] {
  return groupAlike(findings, itself, statusOf).map(
    (group) => alikeWords(group, itself) ?? `alone ${group.address}`,
  );
}

describe('blockAddress', () => {
  it.each([
    ['aws_instance.web', 'aws_instance.web'],
    ['aws_instance.web[3]', 'aws_instance.web'],
    ['module.a["x.y[\\"1\\"]"].module.b[0].aws_instance.web["]"]', 'module.a.module.b.aws_instance.web'],
  ])('%s', (address, block) => {
    expect(blockAddress(address)).toBe(block);
  });
});

describe('groupAlike', () => {
  it('makes equal changes of one block one, in the place of the first, and names a few', () => {
    const findings = [
      finding('aws_a.x[0]', { attributes: [tag] }),
      finding('aws_a.y', { attributes: [tag] }),
      finding('aws_a.x[1]', { attributes: [tag] }),
      finding('aws_a.x[2]', { attributes: [byHand('tags.Owner', 'other', null)] }),
    ];
    expect(groups(findings)).toEqual([
      'on 2 of 3 instances of aws_a.x, all alike: [0], [1]',
      'alone aws_a.y',
      'alone aws_a.x[2]',
    ]);
  });

  it.each<[string, Partial<Finding>]>([
    ['value', { attributes: [byHand('tags.Owner', 'platform', 'x')] }],
    ['action', { action: 'replace' }],
    ['origin', { origin: 'both' }],
    ['reason', { actionReason: 'replace_because_tainted' }],
    ['deletion', { deletedByHand: true }],
  ])('keeps findings with another %s apart', (_name, over) => {
    const one = finding('aws_a.x[0]', { attributes: [tag] });
    expect(groups([one, finding('aws_a.x[1]', { attributes: [tag], ...over })])).toHaveLength(2);
    expect(groups([one, finding('aws_a.x[1]', { attributes: [tag] })])).toHaveLength(1);
  });

  it('keeps findings with another status, and those with hidden values, apart', () => {
    const [a, b] = [0, 1].map((i) => finding(`aws_a.x[${i}]`, { attributes: [tag] }));
    if (a === undefined || b === undefined) throw new Error('two findings');
    expect(groups([a, b], (one) => one.address)).toHaveLength(2);
    const hidden = { ...byHand('password', { sensitive: true }, { sensitive: true }), sensitive: true };
    expect(groups([a, b].map((one) => ({ ...one, attributes: [hidden] })))).toHaveLength(2);
  });

  it('has every item once, and takes 10,000 of them in well under a second', () => {
    const many = Array.from({ length: 10_000 }, (_, i) =>
      finding(`module.m["${i % 7}"].aws_a.x[${i}]`, { attributes: [byHand('tags.Owner', i % 3, null)] }),
    );
    const started = performance.now();
    const made = groupAlike(many, itself);
    expect(performance.now() - started).toBeLessThan(1000);
    expect(made.map((group) => alikeWords(group, itself))).toEqual([
      'on 3,334 of 10,000 instances of module.m.aws_a.x, all alike',
      'on 3,333 of 10,000 instances of module.m.aws_a.x, all alike',
      'on 3,333 of 10,000 instances of module.m.aws_a.x, all alike',
    ]);
    expect(made.flatMap((group) => [...group.items]).toSorted(byAddress)).toEqual(many.toSorted(byAddress));
  });
});

function byAddress(a: Finding, b: Finding): number {
  return a.address < b.address ? -1 : 1;
}

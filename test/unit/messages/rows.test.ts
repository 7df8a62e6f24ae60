import { describe, expect, it } from 'vitest';
import type { AttributeDrift, Finding } from '../../../src/drift/finding.ts';
import { describeChanges } from '../../../src/messages/changes.ts';
import { driftCard } from '../../../src/messages/drift-card.ts';
import { fullDiff } from '../../../src/messages/full-diff.ts';
import { FLEET } from '../../support/gallery/drift-readable.ts';
import { byHand, cardText, driftView, finding, item } from '../../support/views.ts';

const LINES = Array.from({ length: 300 }, (_, i) => `key${i}: value${i}`);
const text = (over: Readonly<Record<number, string>>): string =>
  LINES.map((line, i) => `${over[i] ?? line}\n`).join('');

const viewOf = (...findings: readonly Finding[]) =>
  driftView({ findings: findings.map((one) => item(one, { type: 'waits' })) });
const cardOf = (...findings: readonly Finding[]): string => cardText(driftCard(viewOf(...findings)));
const one = (...attributes: readonly AttributeDrift[]): Finding => finding('aws_a.x', { attributes });

describe('a long text', () => {
  const CHANGED = one(byHand('yaml', text({}), text({ 123: 'key123: X' })));

  it('shows its changed line on the card', () => {
    const card = cardOf(CHANGED);
    expect(card).toContain('yaml: 1 of 300 lines changed');
    expect(card).toMatch(/@ line 123\n.* {2}key122: value122\n.*- key123: value123\n.*\+ key123: X\n/);
    expect(card).not.toContain('key100');
  });

  it('with many changes is bounded on the card; the full diff has all of them, on pages that fit', () => {
    const every = Object.fromEntries(LINES.map((_, i) => [i, `changed ${i}`]));
    const many = one(byHand('yaml', text({}), text(every)));
    expect(cardOf(many)).toContain('@ and 295 more changed lines');
    const { pages, text: whole } = fullDiff(viewOf(many));
    const paged = `${pages.map(cardText).join('\n')}\n`;
    for (const i of LINES.keys()) {
      expect(paged).toContain(`+ changed ${i}\n`);
      expect(whole).toContain(`+   changed ${i}\n`);
      expect(paged).toContain(`- key${i}: value${i}\n`);
    }
    for (const page of pages) expect(cardText(page).split('\n').length).toBeLessThan(35);
  });

  it('shares the space of a card with the others of its resource', () => {
    const every = text(Object.fromEntries(LINES.map((_, i) => [i, `changed ${i}`])));
    const attributes = Array.from({ length: 5 }, (_, i) => byHand(`yaml${i}`, text({}), every));
    const card = cardOf(one(...attributes));
    expect(card.match(/^ +@ and /gm)).toHaveLength(2);
    expect(card.match(/300 of 300 lines changed/g)).toHaveLength(5);
  });

  it('is counted in a confirmation', () => {
    expect(describeChanges([CHANGED], 300)).toBe('Changes: yaml (1 of 300 lines changed) on aws_a.x.');
  });

  it('is read from its decoded form', () => {
    const packed = {
      ...byHand('user_data', 'YWJj', 'YWJk'),
      decoded: { recorded: text({}), actual: text({ 5: 'X' }), desired: text({}) },
    };
    expect(cardOf(one(packed))).toContain('user_data: 1 of 300 lines changed, decoded from base64');
    expect(describeChanges([one(packed)], 300)).toContain('user_data (1 of 300 lines changed)');
  });
});

describe('equal changes', () => {
  it('are one on the card, before it is folded; the full diff lists each', () => {
    const card = cardOf(...FLEET);
    expect(card).toContain('on 1,498 of 1,500 instances of aws_instance.web, all alike');
    expect(card).toContain('m5.large');
    expect(card).toContain('m5.xlarge');
    expect(card).not.toMatch(/and [\d,]+ more/);
    const whole = fullDiff(viewOf(...FLEET)).text;
    for (const { address } of FLEET) expect(whole).toContain(`~ ${address}  (`);
  });

  it('of findings that are not shown are all counted', () => {
    const others = Array.from({ length: 12 }, (_, block) =>
      Array.from({ length: 3 }, (_, i) =>
        finding(`aws_a.x${block}[${i}]`, { attributes: [byHand('a', 1, 2)] }),
      ),
    ).flat();
    expect(cardOf(...others)).toContain('and 18 more: see the full diff');
  });
});

it('a rule that was opened is one row and one change', () => {
  const rule = (source: string) => ({ from_port: 22, to_port: 22, protocol: 'tcp', cidr_blocks: [source] });
  const opened = one(
    byHand('ingress[*]', rule('10.0.0.0/8'), null),
    byHand('ingress[*]', null, rule('0.0.0.0/0')),
  );
  expect(cardOf(opened)).toContain('~ ingress: 22/tcp from 10.0.0.0/8 → 22/tcp from 0.0.0.0/0');
  expect(cardOf(opened)).toContain('SSH (22) opened to the world (0.0.0.0/0) on aws_a.x');
  expect(describeChanges([opened], 300)).toBe(
    'Changes (now → after): ingress 22/tcp from 0.0.0.0/0 → 22/tcp from 10.0.0.0/8 on aws_a.x.',
  );
});

it('a difference that is easy to overlook is named', () => {
  expect(cardOf(one(byHand('name', 'a', 'a ')))).toMatch(/name: "a" → "a "\n.*differs only in blanks/);
  expect(describeChanges([one(byHand('port', '1', 1))], 300)).toContain(
    'port 1 → "1" (differs only in its type)',
  );
});

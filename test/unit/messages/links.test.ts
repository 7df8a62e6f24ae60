import { describe, expect, it, test } from 'vitest';
import { renderCard as forSlack } from '../../../src/chat/slack/render.ts';
import { renderCard as forTeams } from '../../../src/chat/teams/render.ts';
import { driftCard } from '../../../src/messages/drift-card.ts';
import { fullDiff } from '../../../src/messages/full-diff.ts';
import type { DriftView } from '../../../src/messages/view.ts';
import { whyCard } from '../../../src/messages/why-card.ts';
import { PLAIN_PARSING } from '../../../src/sandbox/workspace/text.ts';
import { refuseMessage } from '../../../src/sandbox/workspace/validation/message.ts';
import { HOTFIX, LINKS } from '../../support/gallery/drift-open.ts';
import { expectInertCard } from '../../support/inert-teams.ts';
import { byCode, CODE, driftView, finding, item, NETWORK_HUMAN } from '../../support/views.ts';

const nobody = () => null;
const COMMIT = CODE.commit;
const ARN = 'arn:aws:ec2:eu-central-1:123456789012:security-group/sg-0a1b2c3d';
const RULE = { ...NETWORK_HUMAN, at: { file: 'network.rego', line: 12 } };

interface Shown {
  readonly text: string;
  readonly url: string;
}

/** All links of a value, as JSON of a chat's own format. */
function linksIn(value: unknown): readonly Shown[] {
  if (Array.isArray(value)) return value.flatMap(linksIn);
  if (typeof value !== 'object' || value === null) return [];
  const own = value as Record<string, unknown>;
  const { type, url, text, selectAction } = own;
  const mrkdwn = type === 'mrkdwn' ? /^<(https:[^|]*)\|(.*)>\S*$/.exec(String(text)) : null;
  const found =
    type === 'link'
      ? [{ text: String(text), url: String(url) }]
      : mrkdwn
        ? [{ text: mrkdwn[2] ?? '', url: mrkdwn[1] ?? '' }]
        : selectAction === undefined
          ? []
          : [{ text: String(text), url: String((selectAction as { url: string }).url) }];
  return [...found, ...Object.values(own).flatMap(linksIn)];
}

const viewOf = (over: Partial<DriftView> = {}): DriftView =>
  driftView({
    findings: [item({ ...HOTFIX, cloudId: ARN }, { type: 'waits' }, RULE)],
    links: LINKS,
    ...over,
  });

const EXPECTED = [
  { text: 'infra@9f8e7d6', url: `https://github.com/acme/infra/commit/${COMMIT}` },
  { text: 'code', url: `https://github.com/acme/infra/blob/${COMMIT}/envs/prod/network/web.tf#L12` },
  {
    text: 'console',
    url: 'https://console.aws.amazon.com/ec2/home?region=eu-central-1#SecurityGroup:groupId=sg-0a1b2c3d',
  },
  {
    text: 'network.rego:12',
    url: `https://gitlab.acme.dev/platform/policies/-/blob/${RULE.commit}/approvals/network.rego#L12`,
  },
];

describe('a card links', () => {
  test('the commit, the code, the console and the rule, in both chats', () => {
    expect(linksIn(forSlack(driftCard(viewOf()), nobody).blocks)).toEqual(EXPECTED);
    expect(linksIn(forTeams(driftCard(viewOf()), nobody))).toEqual(EXPECTED);
    expectInertCard(forTeams(driftCard(viewOf()), nobody), { links: ['https://'] });
  });

  test('never in its headline or its notification, which a phone shows first', () => {
    const { text, blocks } = forSlack(driftCard(viewOf()), nobody);
    expect(text).not.toContain('https');
    expect(linksIn(blocks[0])).toEqual([]);
  });

  it('nothing where no host is known', () => {
    const facts = { code: null, places: LINKS.places, policies: {} };
    const links = linksIn(forSlack(driftCard(viewOf({ links: facts })), nobody).blocks);
    expect(links.map(({ text }) => text)).toEqual(['console']);
    const { links: _none, ...older } = viewOf();
    expect(linksIn(forSlack(driftCard(older), nobody).blocks).map(({ text }) => text)).toEqual(['console']);
  });

  test('the code of many instances, and no console of one of them', () => {
    const each = ['a', 'b'].map((key) =>
      item(
        { ...HOTFIX, address: `aws_security_group.web["${key}"]`, cloudId: `${ARN}${key}` },
        { type: 'waits' },
      ),
    );
    const links = linksIn(forSlack(driftCard(viewOf({ findings: each })), nobody).blocks);
    expect(links.map(({ text }) => text)).toEqual(['infra@9f8e7d6', 'code']);
  });

  test('the pull request of merged code', () => {
    const retention = finding('aws_x.a', { origin: 'code', attributes: [byCode('a', 7, 30)] });
    const code = { ...CODE, subject: 'raise log retention <!here> (#118)' };
    const view = viewOf({ findings: [item(retention, { type: 'waits' })], code });
    expect(linksIn(forSlack(driftCard(view), nobody).blocks)).toContainEqual({
      text: 'PR #118',
      url: 'https://github.com/acme/infra/pull/118',
    });
  });

  test('the rules in the answer to why, and the code in the full diff', () => {
    expect(linksIn(forTeams(whyCard(viewOf()), nobody))).toEqual([EXPECTED[3]]);
    const [page] = fullDiff(viewOf()).pages;
    expect(page && linksIn(forSlack(page, nobody).blocks)).toEqual(EXPECTED.slice(1, 3));
  });

  test('nothing of its findings where that would fold something away', () => {
    const many = (width: number) =>
      Array.from({ length: 7 }, (_, i) => {
        const attributes = Array.from({ length: 8 }, (_row, n) =>
          byCode(`a${n}`, 'x'.repeat(width), `${i}${n}`.repeat(width / 2)),
        );
        const address = `aws_security_group.g${i}`;
        return item(finding(address, { origin: 'code', attributes, cloudId: ARN }), { type: 'waits' });
      });
    let folded = 0;
    for (let width = 40; width <= 110; width += 2) {
      const findings = many(width);
      const bare = findings.map((one) => ({ ...one, finding: { ...one.finding, cloudId: '' } }));
      const { overflow, blocks } = forSlack(driftCard(viewOf({ findings })), nobody);
      expect(overflow).toBe(forSlack(driftCard(viewOf({ findings: bare })), nobody).overflow);
      const shown = linksIn(blocks).some(({ text }) => text === 'console');
      if (!shown) folded += 1;
    }
    expect(folded).toBeGreaterThan(0);
  });
});

describe('what others wrote', () => {
  const HOSTILE = [
    '|evil>',
    '> <https://evil.dev|x>',
    '](https://evil.dev)',
    ')',
    'javascript:alert(1)',
    'a\nb',
    '\u202Eevil',
    '<!here>',
    '<@U0DANA>',
    'https://evil.dev/',
  ];
  const known = /^https:\/\/(github\.com|gitlab\.acme\.dev|console\.aws\.amazon\.com)\/[\w.~%/:?&=;,$#@-]*$/;

  test.each(HOSTILE)('%j is never where a link leads, nor markup in its text', (evil) => {
    const view = viewOf({
      code: { ...CODE, repository: `https://git.acme.dev/${evil}.git`, subject: evil, author: evil },
      findings: [
        item(
          { ...HOTFIX, cloudId: `arn:aws:iam::123456789012:role/${evil}` },
          { type: 'waits' },
          { ...RULE, text: evil, at: { file: `${evil}.rego`, line: 1 } },
        ),
      ],
      links: { ...LINKS, places: { 'aws_security_group.web': { file: `${evil}/web.tf`, line: 1 } } },
    });
    for (const card of [driftCard(view), whyCard(view), ...fullDiff(view).pages]) {
      const slack = forSlack(card, nobody);
      expect(refuseMessage(slack.text, slack.blocks, PLAIN_PARSING, false)).toBeNull();
      const teams = forTeams(card, nobody);
      expectInertCard(teams, {
        links: ['https://github.com/', 'https://gitlab.acme.dev/', 'https://console.aws'],
      });
      for (const { url, text } of [...linksIn(slack.blocks), ...linksIn(teams)]) {
        expect(url).toMatch(known);
        expect(text).not.toMatch(/[\n\u202e]/);
      }
      // Only m0's own mrkdwn: a time, or a link whose text is escaped.
      const mrkdwn = JSON.stringify(slack.blocks).match(/"mrkdwn","text":"(?:[^"\\]|\\.)*"/g) ?? [];
      for (const one of mrkdwn) expect(one).toMatch(/"text":"<(https:[^|<>]*\|[^<>]*|!date[^<>]*)>[^<>]*"$/);
    }
  });
});

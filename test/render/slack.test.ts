import { expect, test } from 'vitest';
import { renderCard } from '../../src/chat/slack/render.ts';
import { formView, pagesView } from '../../src/chat/slack/views.ts';
import { policyCard } from '../../src/messages/list-cards.ts';
import { whyCard } from '../../src/messages/why-card.ts';
import { cards, snoozeForm, threePages } from '../support/cards.ts';
import {
  COMMIT,
  driftView,
  HOUR,
  hotfixFinding,
  item,
  NETWORK_HUMAN,
  NOW,
  TAGS_AUTO,
  tagsFinding,
  ZONE,
} from '../support/views.ts';

const slackId = (person: string): string | null => (person === 'dana' ? 'U0DANA' : null);
const memory = { command: 'show #42', channel: 'C0OPS', thread: null, card: '1772456520.000100' };

function golden(name: string): string {
  return `./slack/${name}.golden.json`;
}

async function same(value: unknown, name: string): Promise<void> {
  await expect(`${JSON.stringify(value, null, 2)}\n`).toMatchFileSnapshot(golden(name));
}

const why = whyCard(
  driftView({
    findings: [
      item(tagsFinding(), { s: 'waits' }, { ...TAGS_AUTO, at: { file: 'tags_auto.rego', line: 13 } }),
      item(
        hotfixFinding(),
        { s: 'waits' },
        {
          ...NETWORK_HUMAN,
          text: 'security group: never reverted without a person, whoever opened it',
          at: { file: 'network/groups/aws/network_human.rego', line: 13 },
        },
        { policy: 'freeze', commit: COMMIT, rule: 'error', text: 'took longer than 2 s' },
      ),
    ],
  }),
);

const policy = policyCard({
  stack: 'prod-network',
  realign: 'policy',
  policies: [
    {
      status: {
        policy: 'tags-auto',
        mode: 'decide',
        commit: COMMIT,
        stale: null,
        readsApprovers: false,
        rules: [{ rule: 'allow', file: 'tags_auto.rego', line: 13, title: 'Metadata only' }],
      },
      source: 'https://git.acme.dev/policies.git@main/tags-auto',
      seen: false,
    },
    {
      status: {
        policy: 'two-people',
        mode: 'guardrail',
        commit: COMMIT,
        stale: {
          id: 'b'.repeat(40),
          error: 'commit bbbbbbb is refused: two_people.rego:16: rego_parse_error: unexpected } token',
          since: NOW - HOUR,
        },
        readsApprovers: true,
        rules: [
          { rule: 'pending', file: 'two_people.rego', line: 16, title: 'Two people' },
          { rule: 'pending', file: 'two_people.rego', line: 27, title: null },
        ],
      },
      source: 'https://git.acme.dev/policies.git@main/two-people',
      seen: false,
    },
  ],
  approvers: { need: 1, groups: ['sre', 'oncall:primary'] },
  now: NOW,
  zone: ZONE,
});

for (const [name, card] of Object.entries({ ...cards, why, policy })) {
  test(`the card "${name}" looks in Slack as recorded`, async () => {
    const { text, blocks, overflow } = renderCard(card, slackId);
    // Of a thousand folded findings the first lines show enough.
    await same({ text, blocks, overflow: overflow?.split('\n').slice(0, 3) ?? null }, name);
  });
}

test('a form looks in Slack as recorded', async () => {
  await same(formView(snoozeForm, { ...memory, command: snoozeForm.command }, slackId), 'form');
});

test('a page in the middle looks in Slack as recorded', async () => {
  await same(pagesView(threePages, 1, memory, slackId), 'pages');
});

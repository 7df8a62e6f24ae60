/** Sample cards: typical ones, very large ones, hostile ones and random ones, for tests of the renderers. */
import { SEVERITY_LEVELS } from '../../src/drift/severity/level.ts';
import type { Block, Button, Card, DiffRow, Form, Pages, Span } from '../../src/messages/card.ts';
import type { Random } from './random.ts';

const ZONE = 'Europe/Berlin';
const AT_1402 = Date.parse('2026-03-02T13:02:00Z');

const text = (t: string): Span => ({ type: 'text', text: t });
const clock = (at: number): Span => ({ type: 'time', at, zone: ZONE, style: 'clock' });
const dana = (mention: boolean): Span => ({ type: 'person', person: 'dana', name: 'Dana', mention });

const revert: Button = {
  label: 'Revert the rule in the cloud',
  style: 'primary',
  command: 'approve #42 seen:1a2b3c4d',
  confirm: {
    title: 'Revert in the cloud?',
    body: 'Removes: ingress 22/tcp from 203.0.113.7/32 on aws_security_group.web. Nothing else is touched.',
    confirm: 'Revert',
  },
};

export const fullDiff: Button = { label: 'Full diff', command: 'show #42' };

/** One card with both outcomes: tags are reverted automatically, a rule waits for approval. */
export const driftMixed: Card = {
  headline: 'prod-network drifted by hand: 1 heals itself, 1 waits for you',
  tone: 'waits',
  severity: 'high',
  blocks: [
    {
      type: 'context',
      spans: [
        text('prod · HIGH · 2 resources · first seen '),
        clock(AT_1402),
        text(' · run #42 · '),
        { type: 'code', text: 'infra@9f8e7d6' },
      ],
    },
    {
      type: 'finding',
      mark: '~',
      address: 'aws_s3_bucket.logs',
      status: 'changed in the cloud · heals itself',
      tone: 'heals',
      rows: [
        { kind: 'del', label: 'tags.Owner', value: 'platform' },
        { kind: 'del', label: 'tags.CostCenter', value: '42' },
      ],
    },
    {
      type: 'finding',
      mark: '~',
      address: 'aws_security_group.web',
      status: 'changed in the cloud · waits',
      tone: 'waits',
      rows: [
        {
          kind: 'add',
          label: 'ingress[*]',
          value: '22/tcp from 203.0.113.7/32 "emergency hotfix"',
          alarm: true,
        },
        { kind: 'add', label: 'tags.Team', value: 'network' },
        { kind: 'change', label: 'revoke_rules_on_delete', before: 'false', after: 'true' },
      ],
    },
    {
      type: 'facts',
      facts: [
        {
          label: 'Policy',
          spans: [text('tags-auto: metadata only → apply · network-human: security group → a person')],
        },
        { label: 'Who', spans: [dana(true), text(' (on call) or anyone in sre · asked '), clock(AT_1402)] },
      ],
    },
    {
      type: 'buttons',
      buttons: [
        revert,
        { label: 'Snooze…', command: 'snooze #42' },
        { label: 'Accept…', command: 'accept #42' },
        fullDiff,
      ],
    },
  ],
};

/** Every finding waits for approval, and the code changed as well. */
export const waiting: Card = {
  headline: 'prod-app: merged and not applied for 26 h (infra@1c2d3e4 "raise log retention", Kim)',
  tone: 'drift',
  blocks: [
    {
      type: 'finding',
      mark: '~',
      address: 'aws_cloudwatch_log_group.app',
      status: 'changed in the code · waits',
      tone: 'waits',
      rows: [
        { kind: 'change', label: 'retention_in_days', before: '7', after: '30' },
        { kind: 'same', label: 'name', value: '/acme/app' },
        { kind: 'note', label: '', value: 'forces a replace: no' },
      ],
    },
    { type: 'divider' },
    {
      type: 'line',
      spans: [
        { type: 'strong', text: 'Why it waits: ' },
        { type: 'quiet', text: 'no policy decides' },
        text(' '),
        { type: 'link', text: 'the commit', url: 'https://git.acme.dev/infra/commit/1c2d3e4' },
      ],
    },
    { type: 'buttons', buttons: [{ label: 'Apply the code', style: 'danger', command: 'approve #43' }] },
  ],
};

/** Finished: an outcome line replaces the buttons, the body is unchanged. */
export const healed: Card = {
  headline: 'prod-network is back as it was: 2 tags put back by policy',
  tone: 'good',
  blocks: [
    {
      type: 'finding',
      mark: '~',
      address: 'aws_s3_bucket.logs',
      status: 'realigned 14:03 by policy tags-auto, verified: nothing left to change',
      tone: 'done',
      rows: [{ kind: 'add', label: 'tags.Owner', value: 'platform' }],
    },
    {
      type: 'outcome',
      spans: [text('Approved by '), dana(false), text(' · '), clock(AT_1402), text(' · run #42')],
    },
  ],
};

/** Texts that try to inject mentions, links or formatting into a chat. */
export const HOSTILE_TEXTS: readonly string[] = [
  '<!channel> <!here> <@U0DANA> <#C0OPS> <!subteam^S0SRE>',
  '<https://evil.example|Approve here> https://evil.example',
  '*bold* _it_ ~st~ `code` ```\nblock\n``` :skull:',
  '&lt;!channel&gt; & &amp;',
  'pay\u202Eload\u2066 zero\u200Bwidth\u200D joined \uFEFF',
  'line\nApproved by Dana · 14:02\r\n\ttab \u0000\u0007\u001B[31m',
  'half \uD83D pair and \uDE00',
  '\u{E0041}\u3164\u00AD\u115F',
  '@channel @here @everyone',
  '"; }] } <script>alert(1)</script>',
];

export const hostile: Card = {
  headline: `<!channel> *prod* \u202E & <@U0DANA> ${HOSTILE_TEXTS[1]}`,
  tone: 'bad',
  blocks: [
    { type: 'context', spans: HOSTILE_TEXTS.slice(0, 4).map(text) },
    { type: 'line', spans: HOSTILE_TEXTS.map(text) },
    {
      type: 'line',
      spans: [
        { type: 'person', person: 'nobody', name: '<!channel>', mention: true },
        { type: 'link', text: 'click <!here>', url: 'javascript:alert(1)' },
        { type: 'link', text: '<!here>|x', url: 'https://git.acme.dev/a|b>c' },
      ],
    },
    {
      type: 'finding',
      mark: '!',
      address: 'aws_s3_bucket.this["<!channel>\n+ fake"]',
      status: '<@U0DANA> heals',
      tone: 'denied',
      rows: HOSTILE_TEXTS.map((value, i) =>
        i % 2 === 0
          ? { kind: 'del', label: value, value }
          : { kind: 'change', label: 'tags["a\nb"]', before: value, after: `${value}!` },
      ),
    },
    { type: 'facts', facts: HOSTILE_TEXTS.slice(4, 6).map((t) => ({ label: t, spans: [text(t)] })) },
    { type: 'outcome', spans: [text(HOSTILE_TEXTS[5] ?? '')] },
    {
      type: 'buttons',
      buttons: [
        {
          label: '<!channel> \u202Elabel',
          command: 'approve #42',
          confirm: { title: '<!here>', body: HOSTILE_TEXTS.join(' '), confirm: '*yes*' },
        },
      ],
    },
  ],
};

/** A thousand findings: shortened, with a button that opens the full diff. */
export const thousand: Card = {
  headline: 'prod-network drifted by hand: 1000 resources wait for you',
  tone: 'waits',
  blocks: [
    { type: 'context', spans: [text('prod · 1000 resources · run #42')] },
    ...Array.from(
      { length: 1000 },
      (_, i): Block => ({
        type: 'finding',
        mark: '~',
        address: `module.network.aws_security_group.web[${i}]`,
        status: 'changed in the cloud · waits',
        tone: 'waits',
        rows: [{ kind: 'del', label: 'tags.Owner', value: `platform-${i}` }],
      }),
    ),
    { type: 'buttons', buttons: [revert, fullDiff] },
  ],
};

const LONG = `{"Statement":[${'{"Effect":"Allow","Action":"s3:GetObject"},'.repeat(114)}`;

/** Two values of 5,000 characters that differ by one word. */
export const longValue: Card = {
  headline: 'prod-iam drifted by hand: 1 waits for you',
  tone: 'waits',
  blocks: [
    {
      type: 'finding',
      mark: '~',
      address: 'aws_iam_policy.reader',
      status: 'changed in the cloud · waits',
      tone: 'waits',
      rows: [
        {
          kind: 'change',
          label: 'policy',
          before: `${LONG}"s3:ListBucket"${LONG}`,
          after: `${LONG}"s3:*"${LONG}`,
        },
        { kind: 'add', label: 'description', value: 'x'.repeat(5_000) },
        { kind: 'note', label: 'error', value: `AccessDenied for role m0-plan\n${'at step\n'.repeat(30)}` },
      ],
    },
    { type: 'buttons', buttons: [fullDiff] },
  ],
};

export const cards: Readonly<Record<string, Card>> = {
  'drift-mixed': driftMixed,
  waiting,
  healed,
  hostile,
  thousand,
  'long-value': longValue,
};

export const snoozeForm: Form = {
  title: 'Snooze run #42',
  submit: 'Snooze',
  intro: [text('Quiet until the time is over or a value moves.')],
  command: 'snooze #42',
  fields: [
    {
      kind: 'choice',
      name: 'FOR',
      label: 'For how long',
      options: [
        { label: '2 hours', value: '2h' },
        { label: '3 days', value: '3d' },
      ],
      initial: '3d',
    },
    { kind: 'text', name: 'REASON', label: 'Why', hint: 'Shown to all', required: true, maxLength: 500 },
    { kind: 'text', name: 'NOTE', label: 'Note', required: false, maxLength: 100 },
  ],
};

export const threePages: Pages = {
  title: 'Run #42, the full diff',
  pages: [driftMixed, waiting, longValue],
  text: 'the whole diff of run #42',
};

/** A random card: from empty to far too large, with plain and hostile texts. */
export function randomCard(random: Random): Card {
  const string = (): string => {
    const kind = random.int(6);
    if (kind === 0) return '';
    if (kind === 1) return random.pick(HOSTILE_TEXTS);
    if (kind === 2) return random.pick(HOSTILE_TEXTS).repeat(1 + random.int(200));
    if (kind === 3)
      return String.fromCharCode(...Array.from({ length: random.int(80) }, () => random.int(0x10000)));
    return `value-${random.int(1_000_000)}`;
  };
  const span = (): Span => {
    switch (random.int(7)) {
      case 0:
        return { type: 'strong', text: string() };
      case 1:
        return { type: 'quiet', text: string() };
      case 2:
        return { type: 'code', text: string() };
      case 3:
        return {
          type: 'person',
          person: random.pick(['dana', 'nobody']),
          name: string(),
          mention: random.chance(0.5),
        };
      case 4:
        return { type: 'time', at: AT_1402, zone: ZONE, style: random.pick(['clock', 'day', 'ago']) };
      case 5:
        return {
          type: 'link',
          text: string(),
          url: random.pick(['https://git.acme.dev/x?a=1&b=<2>|3', 'javascript:alert(1)', string()]),
        };
      default:
        return { type: 'text', text: string() };
    }
  };
  const spans = (): Span[] => Array.from({ length: random.int(random.chance(0.1) ? 60 : 6) }, span);
  const row = (): DiffRow =>
    random.chance(0.3)
      ? { kind: 'change', label: string(), before: string(), after: string() }
      : { kind: random.pick(['add', 'del', 'same', 'note']), label: string(), value: string() };
  const button = (): Button => ({
    label: string(),
    command: string(),
    ...(random.chance(0.5) ? { style: random.pick(['primary', 'danger']) } : {}),
    ...(random.chance(0.5) ? { confirm: { title: string(), body: string(), confirm: string() } } : {}),
  });
  const block = (): Block => {
    switch (random.int(9)) {
      case 0:
        return { type: 'line', spans: spans() };
      case 1:
        return { type: 'context', spans: spans() };
      case 2:
        return {
          type: 'facts',
          facts: Array.from({ length: random.int(15) }, () => ({ label: string(), spans: spans() })),
        };
      case 3:
        return { type: 'buttons', buttons: Array.from({ length: random.int(12) }, button) };
      case 4:
        return { type: 'outcome', spans: spans() };
      case 5:
        return { type: 'divider' };
      default:
        return {
          type: 'finding',
          mark: random.pick(['~', '+', '-', '!']),
          address: string(),
          status: string(),
          tone: random.pick([
            'heals',
            'waits',
            'denied',
            'rejected',
            'snoozed',
            'accepted',
            'busy',
            'done',
            'failed',
            'info',
          ]),
          rows: Array.from({ length: random.int(random.chance(0.1) ? 80 : 6) }, row),
          ...(random.chance(0.3) ? { links: spans() } : {}),
        };
    }
  };
  return {
    headline: string(),
    tone: random.pick(['drift', 'waits', 'good', 'bad', 'plain']),
    ...(random.chance(0.5) ? { severity: random.pick(SEVERITY_LEVELS) } : {}),
    blocks: Array.from({ length: random.int(random.chance(0.1) ? 150 : 12) }, block),
  };
}

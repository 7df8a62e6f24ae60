/** fast-check generators of every card, form and set of pages, with random and hostile content. */
import fc from 'fast-check';
import type { Card, Form, Pages } from '../../src/messages/card.ts';
import { conditionsCard } from '../../src/messages/conditions-card.ts';
import { digestCard } from '../../src/messages/digest-card.ts';
import { driftCard } from '../../src/messages/drift-card.ts';
import { acceptEmptyForm, emptyStateCard } from '../../src/messages/empty-state-card.ts';
import { failureCard } from '../../src/messages/failure-card.ts';
import { fleetCard } from '../../src/messages/fleet-card.ts';
import { acceptForm, snoozeForm } from '../../src/messages/forms.ts';
import { fullDiff } from '../../src/messages/full-diff.ts';
import { greetingCard } from '../../src/messages/greeting-card.ts';
import { helpCard } from '../../src/messages/help-card.ts';
import { homeCard, homeMessage } from '../../src/messages/home-card.ts';
import { baselineCard, historyCard, onCallCard, policyCard } from '../../src/messages/list-cards.ts';
import { policyAlertCard } from '../../src/messages/policy-alert-card.ts';
import { reachCard } from '../../src/messages/reach-card.ts';
import { infoCard, problemCard, refusalCard } from '../../src/messages/short-cards.ts';
import { statusCard } from '../../src/messages/status-card.ts';
import type { DriftView } from '../../src/messages/view.ts';
import { whyCard } from '../../src/messages/why-card.ts';
import { seeded } from './random.ts';
import { HOSTILE_TEXTS } from './sample-cards.ts';
import { CODE, NOW, randomView, ZONE } from './views.ts';

const MOMENT = { now: NOW, zone: ZONE };

/** Texts that Teams' clients would format or turn into a mention, a link or a date. */
const TEAMS_TRICKS = [
  '<at>Dana</at> < / AT > <at id="0">everyone</at>',
  '[Approve here](https://evil.example) **bold** # head',
  '{{DATE(2026-01-01T00:00:00Z, SHORT)}} {{TIME(2026-01-01T00:00:00Z)}} ${user.name}',
];
const TRICKS = [...HOSTILE_TEXTS, ...TEAMS_TRICKS];

/** Text from outside m0, which may be hostile. */
export const said: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(...TRICKS, '', 'prod-network', 'vendor needs SSH'),
  fc.constantFrom(...TRICKS).map((text) => text.repeat(200).slice(0, 5000)),
  fc.string({ unit: 'binary', maxLength: 80 }),
  fc
    .array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 60 })
    .map((codes) => String.fromCharCode(...codes)),
);
const maybe = <T>(of: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(of);
const at = fc.integer({ min: NOW - 40_000_000_000, max: NOW + 4_000_000_000 });
const number = fc.nat(100_000);
const who = fc.record({ person: maybe(fc.constantFrom('dana', 'kim', 'nobody')), name: said });
const actor = who.map((one) => ({ ...one, platform: 'slack' as const, userId: 'U1' }));
const some = <T>(of: fc.Arbitrary<T>, most = 12): fc.Arbitrary<readonly T[]> =>
  fc.array(of, { maxLength: most });
/** A short list, or one far longer than a message shows. */
const many = <T>(of: fc.Arbitrary<T>): fc.Arbitrary<readonly T[]> =>
  fc.oneof({ weight: 4, arbitrary: some(of) }, { weight: 1, arbitrary: some(of).map(hundreds) });

function hundreds<T>(some: readonly T[]): readonly T[] {
  return some.length === 0 ? [] : Array.from({ length: 400 }, (_, i) => some[i % some.length] as T);
}

/** Any view of drift; the addresses and attributes of its first finding are arbitrary text. */
const drift = fc.tuple(fc.nat(), said, said, said).map(([seed, stack, environment, name]): DriftView => {
  const view = randomView(seeded(seed));
  const [first, ...rest] = view.findings;
  if (first === undefined) return { ...view, stack, environment };
  const attributes = first.finding.attributes.map((one) => ({ ...one, path: name }));
  const finding = { ...first.finding, address: name, attributes };
  return { ...view, stack, environment, findings: [{ ...first, finding }, ...rest] };
});

const rotas = some(fc.record({ rota: said, people: some(who), until: maybe(at), problem: maybe(said) }));

const homeDrift = fc.record({
  ...{ stack: said, runId: number, open: number, waiting: number, since: at },
  ...{ waitsFor: said, approved: fc.boolean() },
});

const failure = fc.record({
  phase: fc.constantFrom('planning', 'deciding', 'locking', 'applying', 'verifying' as const),
  message: said,
});

const fleet = fc.record({
  alertKind: fc.constantFrom(...(['drift', 'failure', 'empty-state', 'conditions'] as const)),
  stacks: many(
    fc.record({
      stack: said,
      environment: said,
      runId: number,
      status: fc.constantFrom(
        ...([
          'waits',
          'denied',
          'trouble',
          'failing',
          'heals',
          'left',
          'kept',
          'healed',
          'applied',
          'gone',
          'works',
          'empty',
          'back',
          'unmet',
          'met',
        ] as const),
      ),
      open: number,
      what: said,
    }),
  ),
  common: maybe(said),
  since: at,
  over: fc.boolean(),
  why: maybe(said),
});

const policyStatus = fc.record({
  policy: said,
  mode: fc.constantFrom('decide' as const, 'guardrail' as const),
  commit: maybe(said),
  stale: maybe(fc.record({ id: said, error: said, since: at })),
  readsApprovers: fc.boolean(),
  rules: many(
    fc.record({
      rule: fc.constantFrom('deny' as const, 'pending' as const, 'allow' as const, 'warn' as const),
      file: said,
      line: number,
      title: maybe(said),
    }),
  ),
});

const trouble = fc.record({
  kind: fc.constantFrom('empty-state' as const, 'conditions' as const),
  ...{ stack: said, runId: number, since: at, number },
});

const stackStatus = fc.record({
  troubles: some(trouble, 2),
  stack: said,
  environment: said,
  state: fc.constantFrom(
    'aligned' as const,
    'drifted' as const,
    'quiet' as const,
    'failing' as const,
    'empty' as const,
    'unmet' as const,
    'unknown' as const,
  ),
  open: number,
  waiting: number,
  exempt: number,
  runId: maybe(number),
  lastGoodAt: maybe(at),
  failure: maybe(said),
  busy: fc.boolean(),
  skipped: maybe(fc.record({ why: said, since: at, times: number })),
});

const exemption = fc.record({
  id: number,
  kind: fc.constantFrom('snooze' as const, 'accept' as const),
  stack: said,
  address: maybe(said),
  fingerprint: fc.constant(null),
  until: maybe(at),
  by: actor,
  at,
  reason: said,
  runId: maybe(number),
  endedBy: fc.constant(null),
  endedAt: fc.constant(null),
});

const entry = fc.record({
  at,
  actor,
  action: said,
  stack: said,
  runId: maybe(number),
  fingerprint: fc.constant(null),
  commit: maybe(said),
  detail: maybe(said),
});

const open = fc.record({
  stack: said,
  open: number,
  waiting: number,
  since: at,
  runId: number,
  waitsFor: some(said, 4),
});

/** Generators of cards, by the name of the function that builds the card. */
const home = fc
  .record({
    known: fc.boolean(),
    waiting: many(homeDrift),
    others: many(homeDrift),
    exemptions: many(
      fc.record({
        ...{ kind: fc.constantFrom('snooze' as const, 'accept' as const), stack: said },
        ...{ address: maybe(said), until: maybe(at), reason: said },
      }),
    ),
    failing: many(fc.record({ stack: said, since: at, times: number })),
    troubles: many(trouble),
    rotas,
  })
  .map((view) => ({ ...view, ...MOMENT }));

const seen = fc.record({ resources: number, run: number, at });
const planAlert = {
  ...{ stack: said, environment: said, runId: number, since: at, outcome: maybe(said) },
  alert: fc.constantFrom('open' as const, 'resolved' as const, 'superseded' as const),
};
const condition = fc.record({
  address: said,
  kind: fc.oneof(said, fc.constantFrom('check', 'resource')),
  status: fc.constantFrom('fail' as const, 'error' as const),
  problems: many(said),
});

export const anyCard: Readonly<Record<string, fc.Arbitrary<Card>>> = {
  driftCard: fc.tuple(drift, maybe(said)).map(([view, why]) => driftCard(view, { why })),
  whyCard: drift.map(whyCard),
  failureCard: fc
    .record({
      stack: said,
      environment: said,
      runId: number,
      failure,
      since: at,
      times: number,
      lastGoodAt: maybe(at),
      resolvedAt: maybe(at),
      gone: fc.boolean(),
    })
    .map((view) => failureCard({ ...view, ...MOMENT })),
  emptyStateCard: fc
    .record({ ...planAlert, seen, code: fc.constantFrom(null, CODE), path: said, workspace: said })
    .map((view) => emptyStateCard({ ...view, ...MOMENT })),
  conditionsCard: fc
    .record({ ...planAlert, checks: many(condition), seenCount: number })
    .map((view) => conditionsCard({ ...view, ...MOMENT })),
  policyAlertCard: fc
    .record({
      policy: said,
      source: said,
      error: said,
      refused: maybe(said),
      inUse: maybe(said),
      seen: maybe(fc.record({ by: who, at })),
      stacks: many(said),
      since: at,
      resolvedAt: maybe(at),
      troubleId: said,
    })
    .map((view) => policyAlertCard({ ...view, ...MOMENT })),
  fleetCard: fleet.map((view) => fleetCard({ ...view, ...MOMENT })),
  reachCard: fc
    .record({
      what: said,
      channel: fc.boolean(),
      problems: some(said),
      stacks: many(said),
      others: some(said),
      since: at,
      resolvedAt: maybe(at),
      outcome: maybe(said),
    })
    .map((view) => reachCard({ ...view, ...MOMENT })),
  digestCard: fc
    .record({
      targets: some(said, 3),
      since: maybe(at),
      stacks: number,
      open: many(open),
      healed: number,
      approved: number,
      snoozesEnding: many(fc.record({ stack: said, address: maybe(said), until: at, by: who })),
      failing: many(fc.record({ stack: said, since: at })),
      troubles: many(trouble),
      brokenPolicies: many(said),
      openBefore: maybe(number),
    })
    .map((view) => digestCard({ ...view, ...MOMENT })),
  statusCard: fc
    .record({ target: maybe(said), stacks: many(stackStatus), checking: fc.boolean() })
    .map((view) => statusCard({ ...view, ...MOMENT })),
  historyCard: fc
    .record({ target: maybe(said), entries: many(entry) })
    .map((view) => historyCard({ ...view, ...MOMENT })),
  baselineCard: fc
    .record({ target: said, exemptions: many(exemption) })
    .map((view) => baselineCard({ ...view, ...MOMENT })),
  onCallCard: rotas.map((some) => onCallCard({ rotas: some, ...MOMENT })),
  policyCard: fc
    .record({
      stack: said,
      realign: fc.constantFrom('policy' as const, 'ask' as const, 'never' as const),
      policies: some(fc.record({ status: policyStatus, source: said, seen: fc.boolean() }), 6),
      approvers: fc.record({ need: number, groups: some(said) }),
    })
    .map((view) => policyCard({ ...view, ...MOMENT })),
  homeCard: home.map(homeCard),
  homeMessage: home.map(homeMessage),
  greetingCard: fc.record({ home: maybe(home), entry: maybe(said) }).map(greetingCard),
  helpCard: fc.oneof(maybe(said), fc.constantFrom('snooze', 'approve')).map(helpCard),
  refusalCard: said.map((text) => refusalCard(text, [{ label: text, command: text }])),
  infoCard: said.map((text) => infoCard(text)),
  problemCard: fc.tuple(said, maybe(said)).map(([problem, instead]) => problemCard(problem, instead)),
};

/** Generators of forms, by the name of the function that builds the form. */
export const anyForm: Readonly<Record<string, fc.Arbitrary<Form>>> = {
  snoozeForm: fc.tuple(drift, maybe(said)).map(([view, address]) => snoozeForm(view, address)),
  acceptEmptyForm: fc.record({ stack: said, runId: number, seen }).map(acceptEmptyForm),
  acceptForm: fc.tuple(drift, maybe(said)).map(([view, address]) => acceptForm(view, address)),
};

/** Generators of pages, by the name of the function that builds the pages. */
export const anyPages: Readonly<Record<string, fc.Arbitrary<Pages>>> = {
  fullDiff: drift.map(fullDiff),
};

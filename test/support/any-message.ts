/** fast-check generators of every card, form and set of pages, with random and hostile content. */
import fc from 'fast-check';
import { approvalCard } from '../../src/messages/approval-card.ts';
import type { Card, Form, Pages } from '../../src/messages/card.ts';
import { wasItYouCard } from '../../src/messages/cause-card.ts';
import { codifiableNow, codifyForm } from '../../src/messages/codify-button.ts';
import { conditionsCard } from '../../src/messages/conditions-card.ts';
import { configCard } from '../../src/messages/config-card.ts';
import { digestCard } from '../../src/messages/digest-card.ts';
import { driftCard } from '../../src/messages/drift-card.ts';
import { acceptEmptyForm, emptyStateCard } from '../../src/messages/empty-state-card.ts';
import { failureCard } from '../../src/messages/failure-card.ts';
import { firstChecksCard } from '../../src/messages/first-checks-card.ts';
import { fleetCard } from '../../src/messages/fleet-card.ts';
import { acceptForm, snoozeForm } from '../../src/messages/forms.ts';
import { fullDiff } from '../../src/messages/full-diff.ts';
import { greetingCard } from '../../src/messages/greeting-card.ts';
import { helpCard } from '../../src/messages/help-card.ts';
import { homeCard, homeMessage } from '../../src/messages/home-card.ts';
import { leftOutCard } from '../../src/messages/left-out-card.ts';
import { baselineCard, historyCard, onCallCard, policyCard } from '../../src/messages/list-cards.ts';
import { withPointer } from '../../src/messages/newer-card.ts';
import { pauseCard, pauseForm } from '../../src/messages/pause.ts';
import { policyAlertCard } from '../../src/messages/policy-alert-card.ts';
import { reachCard } from '../../src/messages/reach-card.ts';
import { reportCard } from '../../src/messages/report.ts';
import { infoCard, problemCard, refusalCard } from '../../src/messages/short-cards.ts';
import { stacksCard, stacksPages } from '../../src/messages/stacks-card.ts';
import { statusCard, statusPages } from '../../src/messages/status-card.ts';
import type { DriftView, PartView } from '../../src/messages/view.ts';
import type { WatchingView } from '../../src/messages/view-watching.ts';
import { watchChangeCard } from '../../src/messages/watch-change-card.ts';
import { whyCard } from '../../src/messages/why-card.ts';
import {
  CODIFICATION_STATES,
  type Codification,
  type CodificationState,
} from '../../src/model/codification.ts';
import { countStates, STACK_STATES } from '../../src/model/overview.ts';
import { byAge } from '../../src/model/trend.ts';
import { seeded } from './random.ts';
import { tagFinding } from './runs.ts';
import { HOSTILE_TEXTS } from './sample-cards.ts';
import { CODE, NOW, randomView, sampleCodification, ZONE } from './views.ts';

const MOMENT = { now: NOW, zone: ZONE };

/** Texts that Teams' clients would format or turn into a mention, a link or a date. */
const TEAMS_TRICKS = [
  '<at>Dana</at> < / AT > <at id="0">everyone</at>',
  '[Approve here](https://evil.example) **bold** # head',
  '{{DATE(2026-01-01T00:00:00Z, SHORT)}} {{TIME(2026-01-01T00:00:00Z)}} ${user.name}',
  '{{DATE(2026-01-01T00:00:00Z, LONG)}}',
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

/** The beginnings of all links of these messages and of the gallery. They are the only ones that may be live. */
export const OWN_LINKS = [
  ...['https://git.acme.dev/', 'https://acme.slack.com/', 'https://github.com/acme/infra/'],
  ...['https://gitlab.acme.dev/platform/policies/', 'https://console.aws.amazon.com/ec2/'],
  'https://console.aws.amazon.com/cloudtrailv2/',
];
const ownLink = maybe(fc.nat(9).map((n) => `https://acme.slack.com/archives/C0OPS/p${n}`));
/** Where the open card is. */
const openCard = fc.record({ runId: number, url: ownLink });
const newer = fc.record({
  newer: maybe(openCard.chain((card) => some(said, 3).map((open) => ({ ...card, open })))),
  lastPlan: maybe(fc.record({ runId: number, open: some(said, 3) })),
  outOfReach: fc.boolean(),
});

const inFolder = fc.record({ stack: said, path: said });
const settings = fc.record({
  ...{ environment: said, schedule: many(said), policies: many(said) },
  approvers: fc.record({ need: number, from: many(said) }),
  realign: fc.constantFrom('policy', 'ask', 'never'),
});
const place = fc.record({ repository: said, ref: said, path: said });
/** Names of stacks and folders come from repositories. */
const watching = fc
  .record({
    target: maybe(said),
    stacks: fc.array(
      fc.tuple(
        place,
        fc.record({ stack: said, workspace: said, by: said, nameOfFolder: maybe(said), notes: many(said) }),
        settings,
      ),
      { maxLength: 60 },
    ),
    left: many(
      fc.tuple(
        place,
        fc.record({
          workspace: maybe(said),
          status: fc.constantFrom('excluded' as const, 'unwatched' as const),
          why: said,
        }),
      ),
    ),
    problems: many(said),
  })
  .map(
    ({ target, stacks, left, problems }): WatchingView => ({
      target,
      looks: true,
      watching: {
        stacks: stacks.map(([where, one]) => ({ ...where, ...one })),
        left: left.map(([where, one]) => ({ ...where, ...one })),
        problems,
      },
      settings: new Map(stacks.map(([, one, of]) => [one.stack, of])),
    }),
  );

/** Targets are names of m0.yaml or globs over them; reasons and names are text of people. */
const pause = fc.record({
  target: fc.oneof(
    fc.constantFrom('*', 'prod', 'env:prod', 'stack:prod-network', 'prod-*'),
    fc.constant('p'.repeat(100)),
  ),
  ...{ by: who, at, reason: said, stacks: many(said) },
});
const pauses = many(pause);
const choices = fc.record({ environments: many(said), stacks: many(said) });
const codification = fc
  .record({
    state: fc.constantFrom(...(Object.keys(CODIFICATION_STATES) as CodificationState[])),
    address: said,
    branch: said,
    says: many(said),
    patch: said,
    against: many(said),
    unwritable: maybe(said),
    url: ownLink,
    mergedBy: maybe(said),
    why: maybe(said),
    asks: fc.boolean(),
    trouble: maybe(said),
  })
  .map(({ says, against, url, branch, ...one }): Codification => {
    const pullRequest = {
      kind: 'github',
      git: '',
      base: 'main',
      branch,
      number: url === null ? null : 118,
      url,
    } as const;
    const edits = says.map((each) => ({ file: each, line: 41, says: each }));
    const proof = [{ stack: 'prod', before: 1, after: 0, against }];
    return { ...sampleCodification(), ...one, branch, edits, proof, pullRequest };
  });
/** Any view of drift; the addresses and attributes of its first finding are arbitrary text. */
const drift = fc
  .tuple(fc.nat(), said, said, said, newer, some(codification, 3))
  .map(([seed, stack, environment, name, more, codifications]): DriftView => {
    const view = { ...randomView(seeded(seed)), ...more, codifications };
    const [first, ...rest] = view.findings;
    if (first === undefined) return { ...view, stack, environment };
    const attributes = first.finding.attributes.map((one) => ({ ...one, path: name }));
    const finding = { ...first.finding, address: name, attributes };
    return { ...view, stack, environment, findings: [{ ...first, finding }, ...rest] };
  });

const anyPart: PartView = {
  findings: [{ finding: tagFinding(), status: { type: 'waits' }, reasons: [] }],
  fingerprint: 'ab'.repeat(32),
  need: 1,
  approvedBy: [],
};

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
          'held',
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
          'approved',
          'newer',
          'removed',
        ] as const),
      ),
      open: number,
      what: said,
      since: at,
      approvedBy: some(who, 3),
      card: ownLink,
    }),
  ),
  common: maybe(said),
  pauses,
  since: at,
  over: fc.boolean(),
  why: maybe(said),
});

const leftOut = fc.record({ file: said, line: number, text: said });

const policyStatus = fc.record({
  policy: said,
  mode: fc.constantFrom('decide' as const, 'guardrail' as const),
  commit: maybe(said),
  stale: maybe(fc.record({ id: said, error: said, since: at })),
  readsApprovers: fc.boolean(),
  leftOut: many(leftOut),
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
  state: fc.constantFrom(...STACK_STATES),
  stale: fc.boolean(),
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
  kind: fc.constantFrom('snooze' as const, 'accept' as const, 'codify' as const),
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

const dayNumber = fc.nat({ max: 400 });
const trend = fc
  .array(fc.option(fc.tuple(dayNumber, dayNumber, dayNumber, dayNumber, dayNumber), { nil: null }), {
    minLength: 1,
    maxLength: 30,
  })
  .map((days) => ({
    days: days.map((numbers, i) => ({ day: `2026-11-${String(i + 1).padStart(2, '0')}`, numbers })),
    ages: byAge([], 0),
  }));

const counts = fc
  .array(fc.record({ state: fc.constantFrom(...STACK_STATES), checking: fc.boolean() }), { maxLength: 40 })
  .map(countStates);

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
    counts,
    pauses,
    pausable: choices,
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

const link = fc.record({ line: number, at, prevHash: said, hash: said });
const reported = fc
  .record({
    ...{ stack: said, environment: said, since: at, until: maybe(at), runId: number, commit: maybe(said) },
    bundles: fc.dictionary(said, maybe(said), { maxKeys: 3 }),
    applied: maybe(fc.record({ at, verifiedAt: maybe(at), by: some(who) })),
    ...{ exemption: maybe(exemption), outcome: maybe(said) },
  })
  .map((one) => ({ ...one, finding: tagFinding(), verdict: null, reasons: [] }));

export const anyCard: Readonly<Record<string, fc.Arbitrary<Card>>> = {
  driftCard: fc.tuple(drift, maybe(said)).map(([view, why]) => driftCard(view, { why })),
  whyCard: drift.map(whyCard),
  approvalCard: drift.map((view) => approvalCard(view, view.parts.length > 0 ? view.parts : [anyPart])),
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
  pauseCard: fc
    .tuple(pause, maybe(said))
    .map(([view, outcome]) => pauseCard({ ...view, outcome, ...MOMENT })),
  fleetCard: fleet.map((view) => fleetCard({ ...view, ...MOMENT })),
  configCard: fc
    .record({
      ...{ file: said, what: fc.constantFrom('refused', 'restart'), problems: some(said), since: at },
      inUse: fc.record({ since: at, commit: maybe(said) }),
      ...{ resolvedAt: maybe(at), outcome: maybe(said) },
    })
    .map((view) => configCard({ ...view, ...MOMENT })),
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
      counts,
      neverChecked: many(said),
      checkedTooLongAgo: many(fc.record({ stack: said, at })),
      trend: maybe(trend),
      open: many(
        fc
          .record({ open, card: fc.option(drift, { nil: undefined }) })
          .map((o) => ({ ...o.open, card: o.card })),
      ),
      healed: number,
      approved: number,
      snoozesEnding: many(fc.record({ stack: said, address: maybe(said), until: at, by: who })),
      failing: many(fc.record({ stack: said, since: at })),
      troubles: many(trouble),
      brokenPolicies: many(said),
      pauses,
      openBefore: maybe(number),
    })
    .map((view) => digestCard({ ...view, ...MOMENT })),
  statusCard: fc
    .record({ target: maybe(said), stacks: many(stackStatus), pauses, checking: fc.boolean() })
    .map((view) => statusCard({ ...view, ...MOMENT })),
  stacksCard: watching.map(stacksCard),
  watchChangeCard: fc
    .record({
      code: many(said),
      found: many(inFolder),
      moved: many(fc.record({ stack: said, path: said, from: said })),
      gone: many(fc.record({ stack: said, why: said, open: maybe(number), runId: maybe(number) })),
      problems: many(fc.record({ where: said, why: said })),
    })
    .map(watchChangeCard),
  firstChecksCard: fc
    .record({
      ...{ total: number, done: number, aligned: number, drifted: number, minutesLeft: maybe(number) },
      failing: many(fc.record({ stack: said, why: said })),
      over: fc.boolean(),
    })
    .map(firstChecksCard),
  wasItYouCard: fc
    .record({
      ...{ stack: said, environment: said, address: said, run: number },
      event: fc.record({
        ...{ id: said, name: said, at: number, link: fc.constant(null) },
        grade: fc.constant('event touched the resource' as const),
        who: fc.record({
          ...{ kind: fc.constant('person' as const), name: said, via: said, role: maybe(said) },
          ...{ session: maybe(said), ids: fc.constant([]) },
        }),
        how: fc.constantFrom('console' as const, 'cli' as const, 'other' as const),
      }),
    })
    .map((about) => wasItYouCard({ ...about, ...MOMENT })),
  historyCard: fc
    .record({ target: maybe(said), entries: many(entry) })
    .map((view) => historyCard({ ...view, ...MOMENT })),
  baselineCard: fc
    .record({ target: said, exemptions: many(exemption) })
    .map((view) => baselineCard({ ...view, ...MOMENT })),
  onCallCard: rotas.map((some) => onCallCard({ rotas: some, ...MOMENT })),
  leftOutCard: fc
    .record({ ...{ policy: said, source: said, commit: said }, leftOut: many(leftOut), stacks: many(said) })
    .map((view) => leftOutCard(view)),
  policyCard: fc
    .record({
      stack: said,
      realign: fc.constantFrom('policy' as const, 'ask' as const, 'never' as const),
      policies: some(fc.record({ status: policyStatus, source: said, seen: fc.boolean() }), 6),
      approvers: fc.record({ need: number, groups: some(said) }),
    })
    .map((view) => policyCard({ ...view, ...MOMENT })),
  reportCard: fc
    .record({
      ...{ target: maybe(said), stacks: many(said), findings: many(reported), runsSince: maybe(at) },
      exemptions: many(exemption),
      record: many(fc.record({ line: number, entry })),
      chain: maybe(fc.record({ first: link, last: link })),
    })
    .map((view) => reportCard({ ...view, ...MOMENT, month: '2026-07', from: 0, until: MOMENT.now })),
  homeCard: home.map(homeCard),
  homeMessage: home.map(homeMessage),
  greetingCard: fc.record({ home: maybe(home), entry: maybe(said) }).map(greetingCard),
  helpCard: fc.oneof(maybe(said), fc.constantFrom('snooze', 'approve')).map(helpCard),
  withPointer: fc
    .tuple(said, openCard, maybe(number))
    .map(([text, card, run]) => withPointer(infoCard(text), card, run)),
  refusalCard: said.map((text) => refusalCard(text, [{ label: text, command: text }])),
  infoCard: said.map((text) => infoCard(text)),
  problemCard: fc.tuple(said, maybe(said)).map(([problem, instead]) => problemCard(problem, instead)),
};

/** Generators of forms, by the name of the function that builds the form. */
export const anyForm: Readonly<Record<string, fc.Arbitrary<Form>>> = {
  snoozeForm: fc.tuple(drift, maybe(said)).map(([view, address]) => snoozeForm(view, address)),
  acceptEmptyForm: fc.record({ stack: said, runId: number, seen }).map(acceptEmptyForm),
  pauseForm: fc
    .tuple(choices, fc.constantFrom(null, 'prod', '*', 'prod-*'))
    .map(([of, target]) => pauseForm(of, target)),
  codifyForm: drift.map((view) =>
    codifyForm(
      codifiableNow(view).length > 0 ? view : { ...view, findings: anyPart.findings, codifications: [] },
    ),
  ),
  acceptForm: fc.tuple(drift, maybe(said)).map(([view, address]) => acceptForm(view, address)),
};

/** Generators of pages, by the name of the function that builds the pages. */
export const anyPages: Readonly<Record<string, fc.Arbitrary<Pages>>> = {
  fullDiff: drift.map(fullDiff),
  stacksPages: watching.map(
    (view): Pages => stacksPages(view) ?? { title: '', pages: [stacksCard(view)], text: '' },
  ),
  statusPages: fc
    .record({
      target: maybe(said),
      stacks: fc.array(stackStatus, { minLength: 30, maxLength: 90 }),
      checking: fc.boolean(),
    })
    .map((view): Pages => {
      const shown = { ...view, ...MOMENT };
      return statusPages(shown) ?? { title: '', pages: [statusCard(shown)], text: '' };
    }),
};

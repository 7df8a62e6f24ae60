/** Gallery: the emergency stop, and healing that fights somebody. */
import { digestCard } from '../../../src/messages/digest-card.ts';
import { fleetCard } from '../../../src/messages/fleet-card.ts';
import { homeMessage } from '../../../src/messages/home-card.ts';
import { pauseCard, pauseForm } from '../../../src/messages/pause.ts';
import { statusCard } from '../../../src/messages/status-card.ts';
import type { PauseCardView, PauseChoices, PauseView } from '../../../src/messages/view-pause.ts';
import { whyCard } from '../../../src/messages/why-card.ts';
import { DANA, driftView, HOUR, item, KIM, MINUTE, NOW, TAGS_AUTO, tagsFinding, ZONE } from '../views.ts';
import { DIGEST, FLEET, fleetStack } from './alerts.ts';
import { HOME } from './answers.ts';
import { ASKED, drift, HEALED, TAGS, WAITS } from './drift-open.ts';
import { type Exhibit, exhibit } from './exhibit.ts';

const MOMENT = { now: NOW, zone: ZONE };
const REASON = 'the vendor works on the network until we call it off';

const PROD: PauseView = {
  target: 'prod',
  by: KIM,
  at: NOW - 25 * MINUTE,
  reason: REASON,
  stacks: ['prod-app', 'prod-db', 'prod-dns', 'prod-iam', 'prod-network', 'prod-queue'],
};
const OWN: PauseView = { ...PROD, stacks: ['prod-network'] };
const CARD: PauseCardView = { ...PROD, outcome: null, ...MOMENT };
const CHOICES: PauseChoices = {
  environments: ['dev', 'prod'],
  stacks: ['dev-app', 'prod-db', 'prod-network'],
};

const FOUGHT = item(
  tagsFinding(),
  { type: 'waits' },
  {
    ...{ policy: null, commit: null, rule: 'm0' as const },
    text: 'it does not stay as it was put back, so a person decides',
  },
);
const FIGHT = {
  ...FOUGHT,
  brake: {
    ...{ why: 'again' as const, address: FOUGHT.finding.address, fingerprint: FOUGHT.finding.fingerprint },
    heals: [
      { at: NOW - 40 * MINUTE, byPolicy: true, run: 38, seenAgainAt: NOW - 31 * MINUTE },
      { at: NOW - 20 * MINUTE, byPolicy: true, run: 40, seenAgainAt: NOW - 12 * MINUTE },
    ],
  },
};
const LIMITED = item(
  tagsFinding(),
  { type: 'waits' },
  {
    ...{ policy: null, commit: null, rule: 'm0' as const },
    text: '20 runs of prod healed within an hour, the most that healLimit allows, so a person decides',
  },
);

function form(name: string, says: string, target: string | null): Exhibit {
  const shown = { kind: 'form', form: pauseForm(CHOICES, target) } as const;
  return { name, says, maker: pauseForm.name, where: 'dialog', shown, asks: 'Pause…' };
}

export const pauses: readonly Exhibit[] = [
  exhibit(
    'pause',
    'Somebody stopped every apply of an environment: one message in each channel.',
    pauseCard,
    CARD,
    {
      asks: 'Resume prod',
      dark: true,
    },
  ),
  exhibit('pause-over', 'The same message after somebody resumed it.', pauseCard, {
    ...CARD,
    outcome: 'Dana resumed it after 25 min',
  }),
  form('form-pause', '*Pause…* at home: what, and why.', null),
  drift('drift-paused', 'Drift that waits in a paused stack: nobody can approve it.', {
    ...{ findings: [HEALED, WAITS], asked: ASKED, pauses: [OWN] },
  }),
  drift('drift-paused-approved', 'Approved, and paused before the apply began.', {
    ...{
      state: 'approved',
      findings: [item(WAITS.finding, { type: 'approved', by: [DANA] }, ...WAITS.reasons)],
    },
    ...{ approvals: [{ by: DANA, at: NOW - 30 * MINUTE }], pauses: [OWN] },
  }),
  drift(
    'drift-paused-heals',
    'What policies allow waits for the end of two pauses.',
    {
      ...{ state: 'approved', findings: [item(TAGS, { type: 'heals' }, TAGS_AUTO)] },
      pauses: [OWN, { ...OWN, target: '*', by: DANA, at: NOW - 10 * MINUTE, reason: 'incident 4711' }],
    },
    { unpictured: true },
  ),
  drift(
    'drift-paused-applying',
    'The apply had begun before the pause.',
    {
      ...{ state: 'applying', findings: [item(TAGS, { type: 'applying' }, TAGS_AUTO)], pauses: [OWN] },
    },
    { unpictured: true },
  ),
  drift('drift-fight', 'Put back twice, and removed again each time: a person is asked.', {
    ...{ findings: [FIGHT], asked: ASKED },
  }),
  drift(
    'drift-heal-limit',
    'Too much healed in an hour: a person is asked.',
    { ...{ findings: [LIMITED], asked: ASKED } },
    { unpictured: true },
  ),
  exhibit(
    'fleet-paused',
    'A fleet of which a part is paused.',
    fleetCard,
    {
      ...FLEET,
      stacks: [
        ...['prod-app', 'prod-db', 'prod-dns'].map((name) => fleetStack(name, 'held')),
        fleetStack('dev-app', 'healed', { environment: 'dev' }),
        fleetStack('prod-network', 'waits', { open: 1, what: 'SSH (22) opened to 203.0.113.7 on web' }),
      ],
      common: null,
      pauses: [{ ...PROD, stacks: ['prod-app', 'prod-db', 'prod-dns', 'prod-network'] }],
    },
    { unpictured: true },
  ),
  exhibit(
    'status-paused',
    '`status`: what is paused comes first.',
    statusCard,
    {
      target: null,
      stacks: ['dev-app', ...PROD.stacks].map((stack) => ({
        ...{ stack, environment: 'prod', state: 'aligned' as const, open: 0, waiting: 0, exempt: 0 },
        ...{ runId: null, lastGoodAt: NOW - HOUR, failure: null, busy: false, stale: false, skipped: null },
      })),
      checking: false,
      pauses: [PROD],
      ...MOMENT,
    },
    { where: 'private' },
  ),
  exhibit(
    'home-paused',
    '`home` while something is paused, for somebody who may pause and resume.',
    homeMessage,
    { ...HOME, pauses: [PROD], pausable: CHOICES },
    { where: 'private', unpictured: true },
  ),
  exhibit(
    'digest-paused',
    'A digest while something is paused.',
    digestCard,
    { ...DIGEST, pauses: [PROD] },
    { unpictured: true },
  ),
  exhibit(
    'why-paused',
    '`why #42` of a run that is approved and waits for the end of a pause.',
    whyCard,
    driftView({ state: 'approved', findings: [item(TAGS, { type: 'heals' }, TAGS_AUTO)], pauses: [OWN] }),
    { where: 'private', unpictured: true },
  ),
];

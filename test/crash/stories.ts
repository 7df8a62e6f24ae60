/** The stories during which m0 is killed. Together they reach every state transition of a run. */
import { DANA, KIM, sshFinding, tagFinding } from '../support/runs.ts';
import {
  asks,
  CHANNELS,
  checks,
  clicks,
  digest,
  during,
  fails,
  happens,
  locked,
  looks,
  oneStack,
  STACK,
  type Step,
  type Story,
  types,
  waits,
} from './story.ts';
import type { Happening } from './world.ts';

const TAG = tagFinding();
const TAG2 = tagFinding('aws_s3_bucket.assets');
const SSH = sshFinding();
/** Too large for the free space in the database file. */
const LARGE = tagFinding(TAG.address, 'platform'.repeat(5_000));
const OTHER_SSH = sshFinding('198.51.100.0/24');

const drift = (...findings: (typeof TAG)[]): Happening => ({ type: 'drift', stack: STACK, findings });
const lost = (): Happening => ({ type: 'state', stack: STACK, resources: 0 });
const back = (): Happening => ({ type: 'state', stack: STACK, resources: 5 });
const failing = (...names: string[]): Happening => ({ type: 'conditions', stack: STACK, failing: names });
const says = (says: LineSays, onceApproved?: LineSays): Happening => ({
  ...{ type: 'policy', name: 'tags-auto', says },
  ...(onceApproved === undefined ? {} : { onceApproved }),
});
type LineSays = Extract<Happening, { type: 'policy' }>['says'];

const TAGS_GO_BACK: LineSays = [
  { rule: 'allow', text: 'metadata only', address: TAG.address },
  { rule: 'allow', text: 'metadata only', address: TAG2.address },
];
const SSH_STAYS: LineSays = [{ rule: 'deny', text: 'no hotfix goes back in a freeze', address: SSH.address }];
/** What a plan finds where the state is empty. */
const CREATED = { ...tagFinding('aws_s3_bucket.new'), origin: 'code', action: 'create' } as const;
const REFUSED = 'f00dfeedf00dfeedf00dfeedf00dfeedf00dfeed';
const stale = (now: boolean): Happening => ({
  ...{ type: 'stale', name: 'tags-auto' },
  stale: now ? { id: REFUSED, error: 'tags.rego:3: rego_parse_error', since: 0 } : null,
});
const unreachable = (now: boolean): Happening => ({ type: 'unreachable', user: 'U0DANA', now });
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const later = (ms: number): Step => happens({ type: 'later', ms });

/** Somebody opened a port manually, and people are asked. */
const ASKED: readonly Step[] = [happens(drift(SSH)), checks()];

function story(
  name: string,
  before: readonly Step[],
  steps: readonly Step[],
  more: Partial<Story> = {},
): Story {
  return { name, before, steps, directory: oneStack(), ...more };
}

export const STORIES: readonly Story[] = [
  story(
    'a tag goes back by policy, the rest when a person approves it',
    [happens(says(TAGS_GO_BACK))],
    [happens(drift(TAG, SSH)), checks(), clicks(DANA, 'approve')],
    { directory: oneStack({}, CHANNELS) },
  ),
  story('two tags go back by policy at once', [happens(says(TAGS_GO_BACK), drift(TAG, TAG2))], [checks()]),
  story('two people have to approve', ASKED, [clicks(DANA, 'approve'), clicks(KIM, 'approve')], {
    directory: oneStack({ approvers: { from: ['sre', 'oncall:primary'], need: 2, notTheAuthor: true } }),
  }),
  story('it moves after it was approved', ASKED, [
    during('plan', happens(drift(OTHER_SSH))),
    clicks(DANA, 'approve'),
    clicks(DANA, 'approve'),
  ]),
  story('it is gone before the apply', ASKED, [during('plan', happens(drift())), clicks(DANA, 'approve')]),
  story(
    'a policy objects to what was approved',
    [happens(says([], SSH_STAYS)), ...ASKED],
    [clicks(DANA, 'approve')],
  ),
  story(
    'what the policy allowed moves before its apply',
    [happens(says(TAGS_GO_BACK), drift(TAG, SSH))],
    [
      during('plan', happens()),
      during('plan', happens(drift(tagFinding(TAG.address, 'web'), SSH))),
      checks(),
    ],
  ),
  story('paused while it is about to be put back, and resumed', ASKED, [
    during('plan', types(KIM, 'pause prod', 'incident 4711')),
    clicks(DANA, 'approve'),
    types(DANA, 'resume prod'),
  ]),
  story(
    'paused right before what policies allow is applied, and resumed',
    [happens(says(TAGS_GO_BACK), drift(TAG))],
    [
      during('commit', types(KIM, 'pause prod', 'incident 4711'), 'approved→applying'),
      checks(),
      types(DANA, 'resume prod'),
    ],
  ),
  story('rejected, and seen again', ASKED, [types(DANA, 'reject', 'vendor is on it'), checks()]),
  story('snoozed until it is over, then accepted', ASKED, [
    types(DANA, 'snooze', '2h'),
    later(3 * HOUR),
    checks(),
    types(KIM, 'accept', 'it stays'),
    checks(),
  ]),
  story('canceled while it waits', ASKED, [types(DANA, 'cancel')]),
  story(
    'canceled at every earlier stage',
    [happens(drift(SSH))],
    [
      during('plan', types(DANA, 'cancel')),
      checks(),
      during('ask', types(DANA, 'cancel')),
      checks(),
      checks(),
    ],
  ),
  story(
    'canceled in the queue',
    [happens(drift(SSH))],
    [during('plan', checks('command')), during('ask', types(DANA, 'cancel')), checks('command')],
  ),
  story('canceled while it is confirmed', ASKED, [
    during('plan', types(KIM, 'cancel')),
    clicks(DANA, 'approve'),
  ]),
  story(
    'one of two is snoozed while m0 is about to put them back',
    [happens(says(TAGS_GO_BACK), drift(TAG, TAG2))],
    [during('head', types(DANA, 'snooze', `${TAG2.address} 2h`)), checks()],
  ),
  story('all of it is snoozed while m0 is about to put it back', ASKED, [
    during('head', types(KIM, 'snooze', '2h')),
    clicks(DANA, 'approve'),
  ]),
  story('changed drift takes the place of what waits, then it vanishes', ASKED, [
    happens(drift(OTHER_SSH)),
    checks(),
    happens(drift()),
    checks(),
  ]),
  story(
    'denied by policy, then it vanishes',
    [happens(says(SSH_STAYS), drift(SSH))],
    [checks(), happens(drift()), checks()],
  ),
  story(
    'a tag goes back, and what is left is denied',
    [happens(says([...TAGS_GO_BACK, ...SSH_STAYS]), drift(TAG, SSH))],
    [checks()],
  ),
  story(
    'a check fails twice and works again',
    [],
    [
      during('plan', fails('no credentials')),
      checks(),
      during('plan', fails('no credentials')),
      checks(),
      checks(),
    ],
  ),
  story('the state is locked by somebody else, and free again later', ASKED, [
    during('lock', locked()),
    clicks(DANA, 'approve'),
    later(2 * MINUTE),
  ]),
  story('the state is locked by somebody else, and m0 sleeps until the approval is too old', ASKED, [
    during('lock', locked()),
    clicks(DANA, 'approve'),
    later(5 * HOUR),
    clicks(DANA, 'approve'),
  ]),
  story('a command takes the place of a check by the clock, planning and queued', ASKED, [
    during('plan', checks('command')),
    checks(),
    during('plan', checks()),
    during('lock', checks('command')),
    clicks(DANA, 'approve'),
  ]),
  story('an apply fails', ASKED, [during('apply', fails('AccessDenied')), clicks(DANA, 'approve')]),
  story('the plan after an apply fails', ASKED, [
    during('plan', happens()),
    during('plan', fails('throttled')),
    clicks(DANA, 'approve'),
    checks(),
  ]),
  story('the plan before an apply fails', ASKED, [
    during('plan', fails('throttled')),
    clicks(DANA, 'approve'),
  ]),
  story(
    'the memory breaks before a check and while deciding',
    [happens(drift(SSH))],
    [
      during('commit', fails('the disk is full'), 'queued→planning'),
      checks(),
      during('commit', fails('the disk is full'), 'deciding→awaiting_approval'),
      checks(),
      checks(),
    ],
  ),
  story(
    'a policy goes stale, is seen, and is mended',
    [happens(says(TAGS_GO_BACK))],
    [
      happens(stale(true)),
      looks(),
      clicks(DANA, 'seen'),
      happens(drift(TAG)),
      checks(),
      happens(stale(false)),
      looks(),
    ],
  ),
  story(
    'who is on call can not be written to, which is told, and can be an hour later',
    [happens(unreachable(true))],
    [happens(drift(SSH)), checks(), asks(), happens(unreachable(false)), later(HOUR), asks(), asks()],
  ),
  story('the state is lost while people are asked, and is back', ASKED, [
    happens(lost(), drift(CREATED)),
    checks(),
    checks(),
    happens(back(), drift(SSH)),
    checks(),
  ]),
  story('the state is lost before the apply, and is back', ASKED, [
    during('plan', happens(lost(), drift(CREATED))),
    clicks(DANA, 'approve'),
    happens(back(), drift(SSH)),
    checks(),
  ]),
  story('the state is lost during the apply, and is back', ASKED, [
    during('plan', happens()),
    during('plan', happens(lost(), drift(CREATED))),
    clicks(DANA, 'approve'),
    happens(back(), drift()),
    checks(),
  ]),
  story(
    'the state is lost, that is accepted, and what is created is asked about',
    [checks()],
    [
      happens(lost(), drift(CREATED)),
      checks(),
      types(KIM, 'accept', 'it moved away'),
      clicks(DANA, 'approve'),
    ],
  ),
  story(
    'a check of the code fails, another one does, and all pass again',
    [],
    [
      happens(failing('check.health')),
      checks(),
      checks(),
      happens(failing('check.certificate')),
      checks(),
      happens(failing()),
      checks(),
    ],
  ),
  story('a digest', ASKED, [digest()]),
];

/** Stories that start after a kill, so that m0 is killed a second time. */
export const CUT_OFF: readonly Story[] = [
  ['planning', 'after plan'],
  ['deciding', 'before asking the policies'],
  ['applying', 'one of 2 is put back'],
].map(([state, at]) =>
  story(`a restart after a kill while ${state}`, [], [], {
    cutOff: { story: 'two tags go back by policy at once', at: String(at) },
  }),
);

/** Stories that pause in the middle while the test does something to the process. */
export const STOPPED = {
  applying: story('an apply that takes its time', ASKED, [
    during('apply', waits('apply')),
    clicks(DANA, 'approve'),
  ]),
  planning: story(
    'a plan that takes its time',
    [happens(drift(LARGE))],
    [during('plan', waits('plan')), checks(), waits('next check'), checks()],
  ),
} as const;

export function storyOf(name: string): Story {
  const found = [...STORIES, ...CUT_OFF, ...Object.values(STOPPED)].find((s) => s.name === name);
  if (!found) throw new Error(`there is no story "${name}"`);
  return found;
}

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLogger } from '../../src/base/log.ts';
import { createSlack } from '../../src/chat/slack/slack.ts';
import type { Rota } from '../../src/model/rota.ts';
import { peopleToAsk } from '../../src/people/asking.ts';
import { createOnCall, type OnCall } from '../../src/people/on-call.ts';
import { openPagerDuty } from '../../src/people/pagerduty/pagerduty.ts';
import { SECRETS, workspaceOptions } from '../../src/sandbox/sample-organisation.ts';
import { startWorkspace } from '../../src/sandbox/workspace/workspace.ts';
import { directory, stack } from '../support/directory.ts';
import { DANA_THERE, FakePagerDuty, KEY, KIM_THERE, SAM } from '../support/fake-pagerduty.ts';
import { seenEvents } from '../support/seen-events.ts';
import { type Fault, slackProxy } from '../support/slack-proxy.ts';

const NOON = Date.parse('2026-03-02T12:00:00Z');
const MINUTE = 60_000;
const WEEK = 7 * 86_400_000;
/** Monday 9:00 in the stacks' zone, a week from now. */
const MONDAY = Date.parse('2026-03-09T08:00:00Z');
const STRANGER = 'stranger';
const USERS = { dana: DANA_THERE, kim: KIM_THERE, [STRANGER]: SAM };

/** An on-call rotation of one kind, with control over its source. */
interface Source {
  readonly rota: () => Rota;
  readonly usergroup: (id: string) => Promise<readonly string[]>;
  readonly pagerduty?: ReturnType<typeof openPagerDuty>;
  /** Makes these people the only ones on call from the next minute on. */
  puts(people: readonly string[]): void;
  /** Makes the source unreachable from the next minute on. */
  fails(): void;
  close(): Promise<void>;
}

let now = NOON;
const unasked = async (): Promise<readonly string[]> => {
  throw new Error('asked for a user group without a reason');
};

async function rotation(): Promise<Source> {
  let people: readonly string[] = [];
  return {
    rota: () => ({ kind: 'rotation', people: [...people, 'eve'], everyMs: WEEK, from: begins(people) }),
    usergroup: unasked,
    puts: (turn) => {
      people = turn;
    },
    fails: () => {},
    close: async () => {},
  };
}

/** The start of the rotation; without people it is in the future. */
function begins(people: readonly string[]): number {
  return people.length === 0 ? MONDAY : MONDAY - WEEK;
}

async function usergroup(): Promise<Source> {
  const workspace = await startWorkspace(workspaceOptions(0));
  let answer: Fault = 'pass';
  const proxy = await slackProxy(workspace.apiUrl, (method) =>
    method === 'usergroups.users.list' ? answer : 'pass',
  );
  const slack = await createSlack({
    events: seenEvents(),
    ...{ mode: 'socket', botToken: SECRETS.botToken, appToken: SECRETS.appToken, apiUrl: proxy.apiUrl },
    ...{ log: createLogger('silent'), people: directory().people, clock: () => now },
  });
  const users = (people: readonly string[]) => people.map((key) => `U0${key.toUpperCase()}`);
  return {
    rota: () => ({ kind: 'slackUsergroup', id: 'S0SRE' }),
    usergroup: (id) => slack.usergroup(id),
    puts: (people) => {
      answer = { answer: { ok: true, users: users(people) } };
    },
    fails: () => {
      answer = { answer: { ok: false, error: 'no_such_subteam' } };
    },
    async close() {
      await slack.stop();
      await proxy.close();
      await workspace.close();
    },
  };
}

async function pagerduty(): Promise<Source> {
  const there = await FakePagerDuty.start();
  const rota: Rota = { kind: 'pagerduty', schedule: 'PABC123' };
  return {
    rota: () => rota,
    usergroup: unasked,
    pagerduty: openPagerDuty({ token: KEY, apiUrl: there.url }, { primary: rota }, () => now),
    puts: (people) => {
      there.works();
      const end = new Date(MONDAY).toISOString();
      const shifts = people.map((key) => USERS[key as keyof typeof USERS]);
      there.shifts.splice(0, there.shifts.length);
      for (const user of shifts) there.shifts.push({ schedule: 'PABC123', user, start: null, end });
    },
    fails: () => there.answers(401, '{}'),
    close: () => there.close(),
  };
}

let source: Source;
let onCall: OnCall;
let told: [rota: string, problem: string | null][];
async function open(make: () => Promise<Source>): Promise<void> {
  now = NOON;
  told = [];
  source = await make();
  const oncall = {
    get primary() {
      return source.rota();
    },
  };
  onCall = createOnCall(
    { ...directory(), oncall },
    source.usergroup,
    () => now,
    (...what) => told.push(what),
    source.pagerduty,
  );
}
/** Both views of on-call and the problems, which must agree. */
async function look() {
  const [plain, { primary }, problems] = await Promise.all([onCall(), onCall.rotasNow(), onCall.problems()]);
  if (primary === undefined) throw new Error('there is no rota');
  expect(plain).toEqual({ primary: primary.people });
  expect(problems).toEqual(
    primary.problem === null ? [] : [{ part: 'oncall primary', problem: primary.problem }],
  );
  return primary;
}

const SOURCES = { rotation, 'user group': usergroup, PagerDuty: pagerduty };

describe.each(Object.entries(SOURCES))('a rota filled by a %s', (name, make) => {
  beforeEach(() => open(make));
  afterEach(() => source.close());

  it('has the people on call, by their names in m0.yaml', async () => {
    source.puts(['dana']);
    expect(await look()).toMatchObject({ people: ['dana'], problem: null });
    source.puts(['kim']);
    now += MINUTE;
    expect(await look()).toMatchObject({ people: ['kim'], problem: null });
  });

  it('reports the end of the shift if known', async () => {
    source.puts(['dana']);
    const known = name !== 'user group';
    expect(await look()).toMatchObject({
      until: known ? MONDAY : null,
      ends: known ? { dana: MONDAY } : {},
    });
    expect(peopleToAsk(stack(), await onCall.rotasNow())).toEqual([
      {
        person: 'dana',
        why: `You are on call (primary)${known ? ` until ${new Date(MONDAY).toISOString()}` : ''}`,
      },
    ]);
  });

  it('has nobody, with a problem, if nobody is on call', async () => {
    source.puts([]);
    const primary = await look();
    expect(primary).toMatchObject({ people: [], ends: {} });
    expect(primary.problem).toMatch(/nobody|is empty/);
  });

  it('has nobody, with a problem, if m0 does not know the person', async () => {
    source.puts([STRANGER]);
    const primary = await look();
    expect(primary.people).toEqual([]);
    expect(primary.problem).toContain('under people');
  });
});

describe.each(Object.entries({ 'user group': usergroup, PagerDuty: pagerduty }))('%s', (_, make) => {
  beforeEach(() => open(make));
  afterEach(() => source.close());

  it('that fails leaves nobody on call; the failure and the recovery are logged once each', async () => {
    source.puts(['dana', 'kim']);
    expect((await look()).people).toEqual(['dana', 'kim']);
    source.fails();
    now += MINUTE;
    const { people, problem } = await look();
    expect(people).toEqual([]);
    expect(problem).not.toBeNull();
    await look();
    expect(told).toEqual([['primary', problem]]);
    source.puts(['kim']);
    now += MINUTE;
    expect((await look()).people).toEqual(['kim']);
    expect(told.slice(1)).toEqual([['primary', null]]);
  });
});

it('a failing rotation does not affect the others', async () => {
  await open(pagerduty);
  source.fails();
  const { primary } = directory().oncall;
  if (primary === undefined) throw new Error('there is a rotation');
  const both = createOnCall(
    directory({ oncall: { primary: source.rota(), secondary: primary } }),
    unasked,
    () => now,
    () => {},
    source.pagerduty,
  );
  expect(await both()).toEqual({ primary: [], secondary: ['dana'] });
  await source.close();
});

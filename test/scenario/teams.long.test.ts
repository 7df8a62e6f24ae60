/**
 * The first story in Teams: first with Slack as a second chat, then with Teams alone. Everything is real except the
 * servers of Slack and Teams. The tests run in order on one cloud.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Run } from '../../src/model/run.ts';
import { openPort } from '../support/manual-change.ts';
import { elements, type TeamsMessage, textOfCard } from '../support/teams-connector.ts';
import { buttonsOn, DANA, GUEST, KIM, OPS, TeamsWorld } from '../support/teams-world.ts';
import { buttons, DANA as DANA_SLACK, words } from '../support/world.ts';

const TAGS = 'Bucket acme-logs, tags';
const AS_BUILT = 'CostCenter=4711, Owner=platform';
const INGRESS = 'Security group web, lets in';
const SSH = '22/tcp from 203.0.113.7/32';
const REVERT = 'Approve: close SSH again';
const GROUP = 'aws_security_group.web';
/** The time in which a decision must appear on every card, in ms. */
const SECONDS = 10_000;

let teams: TeamsWorld;
beforeAll(async () => {
  teams = await TeamsWorld.start();
});
afterAll(() => teams?.close());

const fact = (label: string): Promise<string> => teams.world.fact(label);
const byHand = (id: string): Promise<unknown> => teams.world.cloud.console.run(id);
const dms = (): readonly TeamsMessage[] => teams.connector.in(teams.connector.chat(DANA));

/** Removes tags and opens SSH manually; waits until the tags are restored and verified, and the hotfix waits. */
async function healedAndWaiting(): Promise<{ readonly run: Run; readonly card: TeamsMessage }> {
  await byHand('remove-tags');
  await byHand('open-ssh');
  const run = await teams.check();
  expect(run.state).toBe('awaiting_approval');
  expect(await fact(TAGS)).toBe(AS_BUILT);
  expect(await fact(INGRESS)).toContain(SSH);
  expect(run.applied).toMatchObject([
    { scope: [{ address: 'aws_s3_bucket.logs' }], approvedBy: [], verifiedAt: expect.any(Number) },
  ]);
  const card = await teams.card(OPS, `run #${run.id}`, GROUP, 'verified');
  for (const said of ['tags-auto', 'network-human', SSH, 'waits'])
    expect(textOfCard(card.card)).toContain(said);
  expect(buttonsOn(card)).toEqual(expect.arrayContaining([REVERT, 'Snooze…', 'Accept drift…', 'Full diff']));
  // The confirmation lists what will be applied.
  expect(textOfCard(elements(card.card, 'Action.ShowCard')[0])).toContain(SSH);
  return { run, card };
}

/** Asserts that the run has applied exactly what was approved in Teams, and verified it. */
async function appliedAsApproved(id: number, addresses: readonly string[]): Promise<void> {
  const run = await teams.world.until(id, 'realigned');
  const last = run.applied.at(-1);
  expect(last).toMatchObject({
    approvedBy: [{ person: 'dana', platform: 'teams' }],
    verifiedAt: expect.any(Number),
  });
  expect(last?.scope.map((s) => s.address).toSorted()).toEqual(addresses);
  const history = await teams.world.service.store.audit({ runId: id });
  const yes = history.find((e) => e.action === 'approve');
  expect(last?.scope.toSorted(byAddress)).toEqual(yes?.scope?.toSorted(byAddress));
  expect(run.code?.commit).toBe(yes?.commit);
}
const byAddress = (a: { readonly address: string }, b: { readonly address: string }): number =>
  a.address.localeCompare(b.address);

/** Waits for a message; fails if it takes longer than SECONDS. */
async function soon<T>(shown: Promise<T>): Promise<T> {
  const began = Date.now();
  const message = await shown;
  expect(Date.now() - began).toBeLessThan(SECONDS);
  return message;
}

describe('one approval, two platforms', () => {
  it('readyz reports a channel that does not have m0, and Slack works on', async () => {
    expect(await teams.ready()).toMatchObject({
      ok: true,
      problems: [{ part: 'teams', problem: expect.stringContaining(OPS) }],
    });
    await teams.join();
  });

  it('the tags are restored by policy, the hotfix waits, and both cards say both', async () => {
    const { run, card } = await healedAndWaiting();
    const there = await teams.world.card(`run #${run.id}`, GROUP, 'verified');
    for (const said of ['tags-auto', 'network-human', SSH, 'waits']) expect(words(there)).toContain(said);
    expect(buttons(there).toSorted()).toEqual(buttonsOn(card).toSorted());
    const about = teams.connector.in(OPS).filter((m) => textOfCard(m.card).includes(GROUP));
    // The answer to the command, and the one card.
    expect(about.filter((m) => buttonsOn(m).includes(REVERT))).toHaveLength(1);
  });

  it('the person on call gets one DM, in the platform that m0.yaml names first', async () => {
    const dm = await teams.world.dm(DANA_SLACK, 'You are on call', SSH);
    expect(buttons(dm)).toContain(REVERT);
    expect(dms()).toEqual([]);
  });

  it('a person who is no approver is refused privately, and nothing changes', async () => {
    const card = await teams.card(OPS, GROUP);
    const before = textOfCard(card.card);
    expect((await teams.press(GUEST, card, REVERT)).bar).toContain('may approve prod-network');
    await teams.connector.as(GUEST).slash(OPS, 'approve #1');
    await teams.connector.waitFor(() => teams.connector.whispers(GUEST).length >= 2, SECONDS);
    for (const m of teams.connector.whispers(GUEST)) expect(textOfCard(m.card)).toContain('may approve');
    expect(textOfCard(card.card)).toBe(before);
    expect(teams.thread(card)).not.toContain('Guest');
    expect((await teams.world.run(1)).state).toBe('awaiting_approval');
    expect(await fact(INGRESS)).toContain(SSH);
  });

  it('after a snooze by the form in Teams both cards say so', async () => {
    const card = await teams.card(OPS, GROUP);
    const answers = { for: '3d', address: 'all', reason: 'vendor needs SSH' };
    await teams.press(DANA, card, 'Snooze…', answers);
    await soon(teams.card(OPS, 'snoozed by Dana', 'vendor needs SSH'));
    await soon(teams.world.card('snoozed by Dana', 'vendor needs SSH'));
    await teams.connector.as(DANA).say(OPS, '@m0 unsnooze #1');
    await teams.card(OPS, 'waits', SSH);
  });

  it('after an approval in Teams it is reverted, and both cards name the person and the result', async () => {
    const id = await teams.openRun();
    const card = await teams.card(OPS, `run #${id}`, 'waits');
    await teams.press(DANA, card, REVERT);
    await appliedAsApproved(id, [GROUP]);
    expect(await fact(INGRESS)).not.toContain(SSH);
    const done = await soon(teams.card(OPS, `run #${id}`, 'Dana', 'verified'));
    expect(done.id).toBe(card.id);
    expect(buttonsOn(done)).not.toContain(REVERT);
    const there = await soon(teams.world.card(`run #${id}`, 'Dana', 'verified'));
    expect(buttons(there)).not.toContain(REVERT);
    expect(teams.thread(card)).toContain('Dana');
    // The old button, which some client may still show, has no effect.
    const applies = (await teams.world.run(id)).applied.length;
    expect((await teams.connector.as(DANA).click(card, 'Full diff')).status).toBe(200);
    expect((await teams.world.run(id)).applied).toHaveLength(applies);
  });

  it('and a check proves it: nothing is left', async () => {
    expect((await teams.check()).state).toBe('clean');
    expect([await fact(TAGS), await teams.openRun()]).toEqual([AS_BUILT, 0]);
  });

  it('drift that changes between the click and the apply is never applied: both cards ask again', async () => {
    await byHand('open-ssh');
    const { id } = await teams.check();
    const card = await teams.card(OPS, `run #${id}`, 'waits', SSH);
    const old = structuredClone(card);
    await byHand('remove-tags');
    await byHand('merge-code');
    await teams.press(DANA, card, REVERT);
    await teams.card(OPS, `run #${id}`, 'not applied: since');
    await soon(teams.world.card(`run #${id}`, 'not applied: since'));
    // Only the tags, which nobody had to approve, are put back.
    const asked = await teams.world.until(id, 'awaiting_approval');
    const applied = asked.applied.flatMap((part) => part.scope.map((one) => one.address));
    expect([asked.approvals, applied]).toEqual([[], ['aws_s3_bucket.logs']]);
    expect(asked.applied.flatMap((part) => part.approvedBy)).toEqual([]);
    expect(asked.moved?.approvedBy).toMatchObject([{ person: 'dana', platform: 'teams' }]);
    expect((await teams.press(DANA, old, REVERT)).bar).toContain('has changed since');
    expect(await fact(INGRESS)).toContain(SSH);
  });

  it('a rejection ends it in both; a new alert, approved in Teams, aligns everything with the code', async () => {
    const first = await teams.openRun();
    await teams.press(DANA, await teams.card(OPS, `run #${first}`), 'Reject: leave it');
    await teams.card(OPS, `run #${first}`, 'ejected by Dana');
    await soon(teams.world.card(`run #${first}`, 'ejected by Dana'));
    expect(await fact(INGRESS)).toContain(SSH);

    const { id } = await teams.check();
    const all = [GROUP, 'aws_vpc.main'];
    const card = await teams.card(OPS, `run #${id}`, ...all, 'waits');
    // Kim wrote the merged code, so Kim may not approve.
    expect((await teams.press(KIM, card, buttonsOn(card)[0] ?? '')).bar).toContain(
      'somebody else must approve',
    );
    await teams.press(DANA, card, buttonsOn(card)[0] ?? '');
    await appliedAsApproved(id, all);
    expect([(await fact(INGRESS)).includes(SSH), await fact(TAGS)]).toEqual([false, AS_BUILT]);
    await soon(teams.card(OPS, `run #${id}`, 'verified'));
    await soon(teams.world.card(`run #${id}`, 'verified'));
  });
});

describe('Teams alone', () => {
  it('starts without Slack tokens, and still knows every channel', async () => {
    const messages = teams.connector.in(OPS).length;
    await teams.restartAlone();
    expect(await teams.ready()).toEqual({ ok: true, problems: [] });
    expect(teams.connector.in(OPS)).toHaveLength(messages);
  });

  it('the tags are restored by policy, the hotfix waits, and the person on call has it in their chat', async () => {
    // A third heal of the same tags within a day would ask a person.
    teams.world.pass(25 * 60 * 60_000);
    const { run } = await healedAndWaiting();
    const dm = await teams.card(teams.connector.chat(DANA), 'You are on call', SSH, `run #${run.id}`);
    expect(buttonsOn(dm)).toContain(REVERT);
  });

  it('a person who is no approver is refused privately, after a command and after a click', async () => {
    const id = await teams.openRun();
    const card = await teams.card(OPS, `run #${id}`);
    const before = teams.connector.whispers(GUEST).length;
    await teams.connector.as(GUEST).say(OPS, `@m0 approve #${id}`);
    await teams.connector.waitFor(() => teams.connector.whispers(GUEST).length > before, SECONDS);
    expect((await teams.press(GUEST, card, REVERT)).bar).toContain('may approve prod-network');
    expect((await teams.world.run(id)).state).toBe('awaiting_approval');
  });

  it('the full diff is shown in Teams to the person who asked', async () => {
    const card = await teams.card(OPS, `run #${await teams.openRun()}`);
    await teams.press(KIM, card, 'Full diff');
    const { connector } = teams;
    await connector.waitFor(
      () => connector.whispers(KIM).some((m) => textOfCard(m.card).includes(SSH)),
      SECONDS,
    );
    expect(teams.thread(card)).not.toContain(SSH);
  });

  it('after an approval in the chat with m0 it is reverted, and both copies say so', async () => {
    const id = await teams.openRun();
    const dm = await teams.card(teams.connector.chat(DANA), 'You are on call', `run #${id}`);
    await teams.press(DANA, dm, REVERT);
    await appliedAsApproved(id, [GROUP]);
    expect(await fact(INGRESS)).not.toContain(SSH);
    await soon(teams.card(OPS, `run #${id}`, 'Dana', 'verified'));
    const copy = await soon(teams.card(teams.connector.chat(DANA), `run #${id}`, 'verified'));
    expect([copy.id, buttonsOn(copy).includes(REVERT)]).toEqual([dm.id, false]);
  });

  it('and a check proves it: nothing is left', async () => {
    expect((await teams.check()).state).toBe('clean');
    expect([await fact(TAGS), await teams.openRun()]).toEqual([AS_BUILT, 0]);
  });

  it('drift that changes after the click is applied only after a new approval; both copies ask for it', async () => {
    await byHand('open-ssh');
    const { id } = await teams.check();
    const dm = await teams.card(teams.connector.chat(DANA), `run #${id}`, 'waits', SSH);
    await openPort(teams.world.cloud, 5432);
    await teams.press(DANA, dm, REVERT);
    const asked = await teams.card(OPS, `run #${id}`, 'not applied: since', '5432');
    await soon(teams.card(teams.connector.chat(DANA), `run #${id}`, 'not applied: since', '5432'));
    expect(await fact(INGRESS)).toContain(SSH);
    await teams.press(DANA, asked, 'Approve what it is now');
    await appliedAsApproved(id, [GROUP]);
    expect(await fact(INGRESS)).not.toMatch(/22\/tcp|5432/);
  });

  it('a person on call without a DM is mentioned in the channel', async () => {
    teams.connector.uninstall(DANA);
    await byHand('open-ssh');
    await teams.connector.as(KIM).say(OPS, '@m0 drift prod');
    const card = await teams.card(OPS, GROUP, SSH, 'waits');
    const call = await teams.connector.waitFor(
      () => teams.connector.replies(card.id).find((m) => elements(m.card, 'mention').length > 0),
      90_000,
    );
    expect(elements(call.card, 'mention')).toMatchObject([{ mentioned: { id: DANA, name: 'Dana' } }]);
    expect(textOfCard(call.card)).toContain('add m0 for yourself in Teams');
  });

  it('a person who then adds m0 gets a greeting with what waits for them', async () => {
    await teams.connector.install(DANA);
    const hello = await teams.card(teams.connector.chat(DANA), 'I am m0', '1 stack waits for you');
    expect(buttonsOn(hello)).toContain('Review prod-network');
  });
});

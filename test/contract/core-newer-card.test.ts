/** A card that is no longer the open one points to the one that is, and so does the answer to a click on it. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Card } from '../../src/messages/card.ts';
import type { Incoming } from '../../src/ports/chat.ts';
import { Core, STACK, stackWith } from '../support/core.ts';
import { FakeChat, type FakeMessage, textOf } from '../support/fake-chat.ts';
import { DANA, KIM, sshFinding, tagFinding } from '../support/runs.ts';

const SSH = sshFinding();
const TAG = tagFinding();
const HOUR = 3_600_000;

let core: Core;
beforeEach(async () => {
  core = await Core.open();
  await core.worker.start();
  await core.periodicWork();
});
afterEach(async () => {
  await settle();
  await core.checkInvariants();
  expect(await core.store.dueOutbox(core.now + 1e9, 50)).toEqual([]);
  await core.close();
});

async function settle(times = 3): Promise<void> {
  for (let i = 0; i < times; i += 1) {
    await core.deliver();
    core.now += 15_000;
  }
}

/** A check that finds this, and the number of its run. */
async function found(...findings: readonly (typeof SSH)[]): Promise<number> {
  core.cloud.drift.set(STACK, findings);
  core.now += HOUR;
  const { id } = await core.check();
  await settle();
  return id;
}

const card = (index: number, channel = 'C0OPS'): Card => core.chat.at(channel, index).card;

/** The links of a card, each as [text, address]. */
function linksOf({ blocks }: Card): readonly (readonly [string, string])[] {
  return blocks.flatMap((block) =>
    'spans' in block
      ? block.spans.flatMap((span) => (span.type === 'link' ? [[span.text, span.url] as const] : []))
      : [],
  );
}

/** A click of Dana on this message. Answers the private card; null if there is none. */
async function click(command: string, on: FakeMessage): Promise<Card | null> {
  const incoming: Incoming = {
    text: command,
    actor: DANA,
    place: { platform: 'slack', channel: on.channel },
    answers: null,
    from: { channel: on.channel, messageId: on.id },
  };
  const reply = await core.handler(incoming);
  return reply.type === 'private' ? reply.card : null;
}

describe('a superseded card', () => {
  it('says that what stands on a newer card is still open, and links to it', async () => {
    await found(SSH);
    const second = await found(SSH, TAG);
    const old = card(0);
    expect(textOf(old)).toContain(`still open: see the newer card (run #${second})`);
    expect(textOf(old)).not.toContain('no longer open');
    expect(linksOf(old)).toEqual([['the newer card', core.chat.link(core.chat.at('C0OPS', 1))]]);
    expect(textOf(card(1))).not.toContain('newer card');
  });

  it('in direct messages links to the newer copy there', async () => {
    await found(SSH);
    await found(SSH, TAG);
    expect(linksOf(card(0, 'DU0DANA'))).toEqual([
      ['the newer card', core.chat.link(core.chat.at('DU0DANA', 1))],
    ]);
  });

  it('says that what is gone is no longer open, and what is left is', async () => {
    await found(SSH, TAG);
    const second = await found(TAG);
    const rows = card(0).blocks.flatMap((b) => (b.type === 'finding' ? [[b.address, b.status]] : []));
    expect(Object.fromEntries(rows)).toEqual({
      [SSH.address]: expect.stringContaining('no longer open'),
      [TAG.address]: expect.stringContaining(`still open: see the newer card (run #${second})`),
    });
  });

  it('points on to the newest card, and to none once nothing is open', async () => {
    await found(SSH);
    await found(SSH, TAG);
    const third = await found(TAG);
    expect(linksOf(card(0))).toEqual([['the newer card', core.chat.link(core.chat.at('C0OPS', 2))]]);
    expect(textOf(card(1))).toContain(`(run #${third})`);
    await found();
    expect([0, 1, 2].flatMap((i) => linksOf(card(i)))).toEqual([]);
    expect([0, 1].map((i) => textOf(card(i)))).toEqual([
      expect.stringContaining('no longer open'),
      expect.stringContaining('no longer open'),
    ]);
    expect(textOf(card(0))).not.toContain('still open');
  });

  it('gets its link as soon as the newer card is posted, also after an outage of the post', async () => {
    await found(SSH);
    core.chat.fail('post', 'C0OPS', { error: new Error('no answer'), arrived: false });
    const second = await found(SSH, TAG);
    expect(core.chat.in('C0OPS')).toHaveLength(2);
    expect(linksOf(card(0))).toEqual([['the newer card', core.chat.link(core.chat.at('C0OPS', 1))]]);
    expect(textOf(card(0))).toContain(`(run #${second})`);
  });

  it('that many newer ones followed names the command that shows what is open', async () => {
    for (let i = 0; i < 3; i += 1) {
      await found(SSH);
      await found(SSH, TAG);
    }
    expect(textOf(card(0))).toContain(`status stack:${STACK}`);
    expect(textOf(card(0))).not.toMatch(/no longer open|still open/);
    expect(linksOf(card(0))).toEqual([]);
    expect(linksOf(card(2))).toEqual([['the newer card', core.chat.link(core.chat.at('C0OPS', 5))]]);
  });
});

describe('a card that ended', () => {
  it('points to the card of drift that is open now, until that ends', async () => {
    await found(SSH);
    await found();
    expect(linksOf(card(0))).toEqual([]);
    const again = await found(SSH);
    expect(textOf(card(0))).toContain(`still open: see the newer card (run #${again})`);
    expect(linksOf(card(0))).toEqual([['the newer card', core.chat.link(core.chat.at('C0OPS', 1))]]);
    await found();
    expect(textOf(card(0))).not.toContain('still open');
  });

  it('never says of an open port that it is not, between the end of a snooze and the check after it', async () => {
    const id = await found(SSH);
    await core.say(`snooze #${id} 2h vendor`);
    await settle();
    core.cloud.next('plan', () => Promise.reject(new Error('running git fetch: no route')));
    await core.say(`unsnooze ${STACK}`);
    await core.untilIdle();
    await settle();
    expect(textOf(card(0))).toContain('still open at the last check');
    expect(textOf(card(0))).not.toContain('no longer open');
    expect(card(0).tone).toBe('plain');
  });

  it('because its stack left m0.yaml does not say that the port is closed', async () => {
    await found(SSH);
    await core.restart({ ...core.directory, stacks: [stackWith({ name: 'prod-db' })] });
    await settle();
    expect(textOf(card(0))).toContain('is no longer in m0.yaml');
    expect(textOf(card(0))).not.toContain('no longer open');
  });
});

describe('a click on a card that is no longer the open one', () => {
  it.each(['approve', 'reject', 'accept', 'snooze', 'unsnooze', 'unaccept', 'ask', 'why'])(
    '%s is answered with the newer card and a link to it',
    async (command) => {
      const first = await found(SSH);
      const second = await found(SSH, TAG);
      const more = command === 'snooze' ? ' 2h vendor' : command === 'accept' ? ' agreed' : '';
      const what = more === '' ? '' : ` ${TAG.address}`;
      const answer = await click(`${command} #${first}${what}${more}`, core.chat.at('C0OPS', 0));
      expect(answer).not.toBeNull();
      expect(textOf(answer as Card)).toContain(`Run #${first} is no longer the open one`);
      expect(textOf(answer as Card)).toContain(`(run #${second})`);
      expect(linksOf(answer as Card)).toContainEqual([
        'the newer card',
        core.chat.link(core.chat.at('C0OPS', 1)),
      ]);
      expect(core.cloud.applies).toEqual([]);
    },
  );

  it('a click on the open card is answered by that card alone', async () => {
    const id = await found(SSH);
    expect(await click(`snooze #${id} 2h vendor`, core.chat.at('C0OPS', 0))).toBeNull();
  });

  it('in direct messages links to the reader’s own newer copy', async () => {
    const first = await found(SSH);
    await found(SSH, TAG);
    const answer = await click(`approve #${first}`, core.chat.at('DU0DANA', 0));
    expect(linksOf(answer as Card)).toEqual([['the newer card', core.chat.link(core.chat.at('DU0DANA', 1))]]);
  });
});

describe('a private answer', () => {
  it('about the open run links to its card', async () => {
    const id = await found(SSH);
    for (const text of [`why #${id}`, `status ${STACK}`]) {
      const answer = await core.say(text);
      expect(linksOf(answer as Card), text).toEqual([
        [`run #${id}`, core.chat.link(core.chat.at('C0OPS', 0))],
      ]);
    }
  });
});

describe('a chat without links', () => {
  it('names the run of the newer card', async () => {
    core.chat.linkTo = async () => null;
    const first = await found(SSH);
    const second = await found(SSH, TAG);
    expect(textOf(card(0))).toContain(`Still open: see `);
    expect(textOf(card(0))).toContain(`(run #${second})`);
    expect(linksOf(card(0))).toEqual([]);
    expect(await core.sayText(`approve #${first}`)).toContain(`(run #${second})`);
  });

  it('links to its own message where the same drift is in two chats', async () => {
    await core.close();
    const teams = new FakeChat(['19:ops'], 'teams');
    core = await Core.open([
      stackWith({
        channels: [
          { platform: 'slack', channel: 'C0OPS' },
          { platform: 'teams', channel: '19:ops' },
        ],
      }),
    ]);
    core.chats.set('teams', teams);
    core.boot();
    await core.worker.start();
    await found(SSH);
    await found(SSH, TAG);
    expect(linksOf(teams.at('19:ops', 0).card)).toEqual([
      ['the newer card', teams.link(teams.at('19:ops', 1))],
    ]);
    expect(linksOf(card(0))).toEqual([['the newer card', core.chat.link(core.chat.at('C0OPS', 1))]]);
  });
});

describe('the end of an exemption while a card is open', () => {
  /** SSH is accepted or snoozed on an older card; a newer card about the tag is open. */
  async function exempted(words: string): Promise<number> {
    const first = await found(SSH);
    await core.say(words.replace('#', `#${first}`));
    await settle();
    return found(SSH, TAG);
  }

  it.each([
    ['unsnooze', 'snooze # 8h vendor', 'Kim ended the snooze'],
    ['unaccept', 'accept # agreed', 'Kim ended the accept'],
  ])('%s is told in the thread of the open card, and updates it', async (command, words, line) => {
    await exempted(words);
    const updates = core.chat.updated;
    await core.say(`${command} ${STACK}`, KIM);
    expect(core.chat.at('C0OPS', 1).replies).toEqual([]);
    await core.deliver();
    expect(core.chat.updated).toBeGreaterThan(updates);
    expect(core.chat.at('C0OPS', 1).replies).toEqual([`${line} of ${SSH.address}: checking now`]);
    expect(core.chat.at('C0OPS', 0).replies.join()).not.toContain('ended');
    await core.untilIdle();
    await settle();
    expect(textOf(card(0))).not.toContain('no longer open');
    expect(textOf(core.chat.in('C0OPS').at(-1)?.card as Card)).toContain(SSH.address);
  });

  it('a snooze that is over is told in the thread of the open card', async () => {
    await exempted('snooze # 2h vendor');
    core.now += 2 * HOUR;
    await core.periodicWork();
    expect(core.chat.at('C0OPS', 1).replies.join()).toContain('is over: checking again');
    expect(core.chat.at('C0OPS', 0).replies.join()).not.toContain('is over');
  });
});

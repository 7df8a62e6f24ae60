/** The contract of the chat port, tested for Slack and Teams. Platform-specific behaviour has its own tests. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Card } from '../../src/messages/card.ts';
import { ChatError } from '../../src/ports/chat.ts';
import { CHAT_DRIVERS, type ChatDriver, soon } from '../support/chat-drivers.ts';
import {
  driftMixed,
  healed,
  hostile,
  longValue,
  snoozeForm,
  thousand,
  waiting,
} from '../support/sample-cards.ts';

const told = (headline: string): Card => ({ headline, tone: 'plain', blocks: [] });

describe.each(Object.entries(CHAT_DRIVERS))('%s', (_name, open) => {
  let driver: ChatDriver;
  beforeEach(async () => {
    driver = await open();
  });
  afterEach(() => driver.close());

  describe('posting', () => {
    test.each(Object.entries({ driftMixed, waiting, healed, hostile, thousand, longValue }))(
      'accepts %s and shows its headline',
      async (_card, card) => {
        const { channel, messageId } = await driver.chat.post(driver.ops, card, 'k');
        expect(channel).toBe(driver.ops.channel);
        expect(driver.inOps().map((m) => m.id)).toEqual([messageId]);
        if (card !== hostile) expect(driver.inOps()[0]?.text).toContain(card.headline);
      },
    );

    test('posts one message per key: at the same time, later and after a restart', async () => {
      const [a, b] = await Promise.all([
        driver.chat.post(driver.ops, driftMixed, 'k'),
        driver.chat.post(driver.ops, driftMixed, 'k'),
      ]);
      expect(b).toEqual(a);
      expect(await driver.chat.post(driver.ops, driftMixed, 'k')).toEqual(a);
      expect(await (await driver.restart()).post(driver.ops, driftMixed, 'k')).toEqual(a);
      expect(driver.inOps()).toHaveLength(1);
      await driver.chat.post(driver.ops, driftMixed, 'other');
      expect(driver.inOps()).toHaveLength(2);
    });

    test('posts a lost message on the next attempt', async () => {
      const shaky = await driver.withFault('post lost');
      await expect(shaky.post(driver.ops, driftMixed, 'k')).rejects.toMatchObject({ permanent: false });
      expect(driver.inOps()).toHaveLength(0);
      await shaky.post(driver.ops, driftMixed, 'k');
      expect(driver.inOps()).toHaveLength(1);
    });

    test('reports when to retry in a busy channel', async () => {
      const busy = await driver.withFault('busy');
      const failed = await busy.post(driver.ops, driftMixed, 'k').catch((error: unknown) => error);
      expect(failed).toBeInstanceOf(ChatError);
      expect(failed).toMatchObject({ permanent: false, retryAfterMs: 1000 });
      // m0 does not retry before that time.
      await sleep(1_050);
      await busy.post(driver.ops, driftMixed, 'k');
      expect(driver.inOps()).toHaveLength(1);
    });

    test('to a person goes to their chat with m0, also after a restart', async () => {
      const { channel } = await driver.chat.post(driver.dana, driftMixed, 'k');
      expect(driver.inChat()).toHaveLength(1);
      expect(driver.inOps()).toHaveLength(0);
      const second = await (await driver.restart()).post(driver.dana, driftMixed, 'other');
      expect(second.channel).toBe(channel);
    });

    test('to a channel without m0 fails permanently and names the channel', async () => {
      await expect(driver.chat.post(driver.elsewhere, driftMixed, 'k')).rejects.toMatchObject({
        permanent: true,
        message: expect.stringContaining('channel' in driver.elsewhere ? driver.elsewhere.channel : '?'),
      });
    });

    test('an update changes the message in place, also after a restart', async () => {
      const { channel, messageId } = await driver.chat.post(driver.ops, driftMixed, 'k');
      await (await driver.restart()).update(channel, messageId, healed);
      expect(driver.inOps()).toHaveLength(1);
      expect(driver.inOps()[0]?.text).toContain('back as it was');
    });

    test('of a deleted message fails permanently', async () => {
      await driver.chat.post(driver.ops, driftMixed, 'k');
      await expect(driver.chat.update(driver.ops.channel, '1.000001', healed)).rejects.toMatchObject({
        permanent: true,
      });
    });

    test('a deleted message is told as deleted, to an update and to a reply, and its channel is well', async () => {
      const { channel, messageId } = await driver.chat.post(driver.ops, driftMixed, 'k');
      await driver.deletes(messageId);
      const deleted = { permanent: true, deleted: true };
      await expect(driver.chat.update(channel, messageId, healed)).rejects.toMatchObject(deleted);
      await expect(driver.chat.reply(channel, messageId, 'Approved', 'r')).rejects.toMatchObject(deleted);
      expect(driver.problem()).toBeNull();
      const again = await driver.chat.post(driver.ops, driftMixed, 'k:instead');
      expect(driver.inOps().map((m) => m.id)).toEqual([again.messageId]);
    });

    test('a channel without m0 is not taken for a deleted message', async () => {
      const failed = await driver.chat
        .post(driver.elsewhere, driftMixed, 'k')
        .catch((error: unknown) => error);
      expect(failed).toMatchObject({ permanent: true, deleted: false });
    });

    test('a link to a message is a web address that names it, also after a restart', async () => {
      const { channel, messageId } = await driver.chat.post(driver.ops, driftMixed, 'k');
      const link = await driver.chat.linkTo(channel, messageId);
      expect(link).toMatch(/^https?:\/\//);
      expect(decodeURIComponent(link ?? '')).toContain(channel);
      expect(link).toContain(messageId.replace('.', ''));
      expect(await driver.chat.linkTo(channel, messageId)).toBe(link);
      expect(await (await driver.restart()).linkTo(channel, messageId)).toBe(link);
    });

    test('there is no link into a channel that m0 does not know, and no error', async () => {
      expect(await driver.chat.linkTo('nowhere', '1.000001')).toBeNull();
    });

    test('a reply appears in the thread once', async () => {
      const { channel, messageId } = await driver.chat.post(driver.ops, driftMixed, 'k');
      await driver.chat.reply(channel, messageId, 'Approved by <@U0DANA> <at>Dana</at>', 'r');
      await (await driver.restart()).reply(channel, messageId, 'Approved', 'r');
      expect(driver.inThread(messageId)).toHaveLength(1);
      expect(driver.inOps()).toHaveLength(1);
    });
  });

  describe('a message to m0', () => {
    test('in a channel is a command with sender and place', async () => {
      await driver.says('dana', 'ops', 'why #42 & <more>');
      await soon(() => driver.heard.length === 1);
      expect(driver.heard[0]).toMatchObject({
        text: 'why #42 & <more>',
        actor: { person: 'dana', platform: driver.ops.platform, userId: driver.dana.user, name: 'Dana' },
        place: driver.ops,
        answers: null,
        from: null,
      });
    });

    test('of somebody who is not in m0.yaml has no person', async () => {
      await driver.says('guest', 'ops', 'help');
      await soon(() => driver.heard.length === 1);
      expect(driver.heard[0]?.actor).toMatchObject({ person: null, name: 'guest' });
    });

    test('in the chat with m0 needs no mention and is answered there', async () => {
      driver.answer = () => ({ type: 'private', card: told('fine') });
      await driver.says('dana', 'chat', 'status');
      await soon(() => driver.inChat().length === 2);
      expect(driver.inChat()[1]?.text).toBe('fine');
      expect(driver.heard[0]?.text).toBe('status');
    });

    test('answered privately is not visible in the channel', async () => {
      driver.answer = () => ({ type: 'private', card: told('only for you') });
      await driver.says('dana', 'ops', 'why #42');
      await soon(() => driver.heard.length === 1);
      await driver.says('dana', 'chat', 'status');
      await soon(() => driver.heard.length === 2);
      await soon(() => driver.inChat().some((m) => m.text === 'only for you'));
      const all = [...driver.inOps(), ...driver.inOps().flatMap((m) => driver.inThread(m.id))];
      expect(all.filter((m) => m.text === 'only for you')).toEqual([]);
    });
  });

  describe('a click', () => {
    test('sends the command of its button after confirmation, with the card it was on', async () => {
      const { channel, messageId } = await driver.chat.post(driver.ops, driftMixed, 'k');
      await driver.clicks('Revert the rule in the cloud');
      await soon(() => driver.heard.length === 1);
      expect(driver.heard[0]).toMatchObject({
        text: 'approve #42 seen:1a2b3c4d',
        actor: { person: 'dana' },
        place: driver.ops,
        answers: null,
        from: { channel, messageId },
      });
    });

    test('that is refused is answered privately, and the card stays', async () => {
      driver.answer = () => ({ type: 'private', card: told('Only sre may approve') });
      await driver.chat.post(driver.ops, driftMixed, 'k');
      expect(await driver.clicks('Full diff')).toContain('Only sre may approve');
      expect(driver.inOps()).toHaveLength(1);
      expect(driver.inOps()[0]?.text).toContain(driftMixed.headline);
    });

    test('in direct messages is answered there with a permanent message', async () => {
      driver.answer = () => ({ type: 'private', card: told('Done') });
      const { channel, messageId } = await driver.chat.post(driver.dana, driftMixed, 'k');
      await driver.clicks('Full diff', 'chat');
      await soon(() => driver.inChat()[1]?.text === 'Done');
      expect(driver.heard[0]?.from).toEqual({ channel, messageId });
    });

    test('that needs input opens a form', async () => {
      driver.answer = () => ({ type: 'form', form: snoozeForm });
      await driver.says('dana', 'chat', 'snooze #42');
      await soon(() => driver.inChat().length === 2);
      expect(driver.inChat()[1]?.text).toContain('Snooze run #42');
    });
  });
});

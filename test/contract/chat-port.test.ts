/** What the core may rely on of any chat, whichever it is. What is Slack's or Teams' own is tested beside it. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Card } from '../../src/messages/card.ts';
import { ChatError } from '../../src/ports/chat.ts';
import { driftMixed, healed, hostile, longValue, snoozeForm, thousand, waiting } from '../support/cards.ts';
import { CHAT_ENDS, type ChatEnd, soon } from '../support/chat-ends.ts';

const told = (headline: string): Card => ({ headline, tone: 'plain', blocks: [] });

describe.each(Object.entries(CHAT_ENDS))('%s', (_name, open) => {
  let end: ChatEnd;
  beforeEach(async () => {
    end = await open();
  });
  afterEach(() => end.close());

  describe('posting', () => {
    test.each(Object.entries({ driftMixed, waiting, healed, hostile, thousand, longValue }))(
      'takes %s and tells its headline',
      async (_card, card) => {
        const { channel, messageId } = await end.chat.post(end.ops, card, 'k');
        expect(channel).toBe(end.ops.channel);
        expect(end.inOps().map((m) => m.id)).toEqual([messageId]);
        if (card !== hostile) expect(end.inOps()[0]?.text).toContain(card.headline);
      },
    );

    test('the same key is posted once, at once, later and after a restart; another is another', async () => {
      const [a, b] = await Promise.all([
        end.chat.post(end.ops, driftMixed, 'k'),
        end.chat.post(end.ops, driftMixed, 'k'),
      ]);
      expect(b).toEqual(a);
      expect(await end.chat.post(end.ops, driftMixed, 'k')).toEqual(a);
      expect(await (await end.again()).post(end.ops, driftMixed, 'k')).toEqual(a);
      expect(end.inOps()).toHaveLength(1);
      await end.chat.post(end.ops, driftMixed, 'other');
      expect(end.inOps()).toHaveLength(2);
    });

    test('what never arrived is made on the next attempt', async () => {
      const shaky = await end.with('post lost');
      await expect(shaky.post(end.ops, driftMixed, 'k')).rejects.toMatchObject({ permanent: false });
      expect(end.inOps()).toHaveLength(0);
      await shaky.post(end.ops, driftMixed, 'k');
      expect(end.inOps()).toHaveLength(1);
    });

    test('a busy channel says when to come back', async () => {
      const busy = await end.with('busy');
      const failed = await busy.post(end.ops, driftMixed, 'k').catch((error: unknown) => error);
      expect(failed).toBeInstanceOf(ChatError);
      expect(failed).toMatchObject({ permanent: false, retryAfterMs: 1000 });
      // Nobody is asked again before the time.
      await sleep(1_050);
      await busy.post(end.ops, driftMixed, 'k');
      expect(end.inOps()).toHaveLength(1);
    });

    test('to a person goes to their chat with m0, and finds it again after a restart', async () => {
      const { channel } = await end.chat.post(end.dana, driftMixed, 'k');
      expect(end.inChat()).toHaveLength(1);
      expect(end.inOps()).toHaveLength(0);
      const second = await (await end.again()).post(end.dana, driftMixed, 'other');
      expect(second.channel).toBe(channel);
    });

    test('to a channel without m0 is refused for good and names it', async () => {
      await expect(end.chat.post(end.elsewhere, driftMixed, 'k')).rejects.toMatchObject({
        permanent: true,
        message: expect.stringContaining('channel' in end.elsewhere ? end.elsewhere.channel : '?'),
      });
    });

    test('an update changes the message in place, also after a restart', async () => {
      const { channel, messageId } = await end.chat.post(end.ops, driftMixed, 'k');
      await (await end.again()).update(channel, messageId, healed);
      expect(end.inOps()).toHaveLength(1);
      expect(end.inOps()[0]?.text).toContain('back as it was');
    });

    test('of a message that is gone is refused for good', async () => {
      await end.chat.post(end.ops, driftMixed, 'k');
      await expect(end.chat.update(end.ops.channel, '1.000001', healed)).rejects.toMatchObject({
        permanent: true,
      });
    });

    test('a reply stands in the thread, once', async () => {
      const { channel, messageId } = await end.chat.post(end.ops, driftMixed, 'k');
      await end.chat.reply(channel, messageId, 'Approved by <@U0DANA> <at>Dana</at>', 'r');
      await (await end.again()).reply(channel, messageId, 'Approved', 'r');
      expect(end.inThread(messageId)).toHaveLength(1);
      expect(end.inOps()).toHaveLength(1);
    });
  });

  describe('a message to m0', () => {
    test('in a channel is a command with who and where', async () => {
      await end.says('dana', 'ops', 'why #42 & <more>');
      await soon(() => end.heard.length === 1);
      expect(end.heard[0]).toMatchObject({
        text: 'why #42 & <more>',
        actor: { person: 'dana', platform: end.ops.platform, userId: end.dana.user, name: 'Dana' },
        place: end.ops,
        answers: null,
        from: null,
      });
    });

    test('of somebody who is not in m0.yaml is of nobody', async () => {
      await end.says('guest', 'ops', 'help');
      await soon(() => end.heard.length === 1);
      expect(end.heard[0]?.actor).toMatchObject({ person: null, name: 'guest' });
    });

    test('in their chat needs no mention and is answered there', async () => {
      end.answer = () => ({ type: 'private', card: told('fine') });
      await end.says('dana', 'chat', 'status');
      await soon(() => end.inChat().length === 2);
      expect(end.inChat()[1]?.text).toBe('fine');
      expect(end.heard[0]?.text).toBe('status');
    });

    test('answered in private stays out of the channel', async () => {
      end.answer = () => ({ type: 'private', card: told('only for you') });
      await end.says('dana', 'ops', 'why #42');
      await soon(() => end.heard.length === 1);
      await end.says('dana', 'chat', 'status');
      await soon(() => end.heard.length === 2);
      await soon(() => end.inChat().some((m) => m.text === 'only for you'));
      const all = [...end.inOps(), ...end.inOps().flatMap((m) => end.inThread(m.id))];
      expect(all.filter((m) => m.text === 'only for you')).toEqual([]);
    });
  });

  describe('a click', () => {
    test('sends the command of its button, once it is confirmed, and which card it was on', async () => {
      const { channel, messageId } = await end.chat.post(end.ops, driftMixed, 'k');
      await end.clicks('Revert the rule in the cloud');
      await soon(() => end.heard.length === 1);
      expect(end.heard[0]).toMatchObject({
        text: 'approve #42 seen:1a2b3c4d',
        actor: { person: 'dana' },
        place: end.ops,
        answers: null,
        from: { channel, messageId },
      });
    });

    test('refused is told to its sender alone, and the card stays', async () => {
      end.answer = () => ({ type: 'private', card: told('Only sre may approve') });
      await end.chat.post(end.ops, driftMixed, 'k');
      expect(await end.clicks('Full diff')).toContain('Only sre may approve');
      expect(end.inOps()).toHaveLength(1);
      expect(end.inOps()[0]?.text).toContain(driftMixed.headline);
    });

    test('in direct messages is answered there, for good', async () => {
      end.answer = () => ({ type: 'private', card: told('Done') });
      const { channel, messageId } = await end.chat.post(end.dana, driftMixed, 'k');
      await end.clicks('Full diff', 'chat');
      await soon(() => end.inChat()[1]?.text === 'Done');
      expect(end.heard[0]?.from).toEqual({ channel, messageId });
    });

    test('that needs words opens a form', async () => {
      end.answer = () => ({ type: 'form', form: snoozeForm });
      await end.says('dana', 'chat', 'snooze #42');
      await soon(() => end.inChat().length === 2);
      expect(end.inChat()[1]?.text).toContain('Snooze run #42');
    });
  });
});

import type { App, Receiver, ReceiverEvent } from '@slack/bolt';
import { expect, it } from 'vitest';
import { keepingReceiver, readTaken, type Taken, takenFrom } from '../../../../src/chat/slack/taken.ts';

const MENTION = {
  type: 'event_callback',
  event_id: 'Ev1',
  event: { type: 'app_mention', user: 'U0DANA', channel: 'C0OPS', text: '<@U0M0> drift prod', ts: '1.2' },
};
const SLASH = {
  ...{ command: '/m0', text: ' status ', user_id: 'U0DANA', channel_id: 'C0OPS', trigger_id: '1.2.3' },
  ...{ token: 'a secret', response_url: 'https://hooks.slack.test/secret' },
};
const CLICK = {
  type: 'block_actions',
  trigger_id: '4.5.6',
  user: { id: 'U0DANA' },
  channel: { id: 'C0OPS' },
  container: { type: 'message' },
  message: { ts: '7.8' },
  actions: [{ type: 'button', action_id: 'm0:3', value: 'approve #42' }],
};

/** A receiver whose requests the test sends, and what happened with them. */
function receiving(takeIn: (key: string, taken: Taken) => Promise<boolean>) {
  const happened: string[] = [];
  let processEvent: App['processEvent'] | null = null;
  const inner: Receiver = {
    init: (app) => {
      processEvent = (request) => app.processEvent(request);
    },
    start: async () => {},
    stop: async () => {},
  };
  keepingReceiver(inner, async (key, taken) => {
    const isNew = await takeIn(key, taken);
    happened.push(`kept ${key}`);
    return isNew;
  }).init({ processEvent: async () => void happened.push('processed') } as unknown as App);
  const send = (body: object): Promise<void> | undefined =>
    processEvent?.({ body, ack: async () => void happened.push('acknowledged') } as unknown as ReceiverEvent);
  return { happened, send };
}

it('a command is kept before Bolt, which acknowledges events by itself, sees it', async () => {
  const { happened, send } = receiving(async () => true);
  await send(MENTION);
  await send(SLASH);
  await send(CLICK);
  expect(happened).toEqual([
    ...['kept event:Ev1', 'processed', 'kept trigger:1.2.3', 'processed', 'kept trigger:4.5.6', 'processed'],
  ]);
});

it('what was taken in before is acknowledged and goes no further', async () => {
  const { happened, send } = receiving(async () => false);
  await send(MENTION);
  expect(happened).toEqual(['kept event:Ev1', 'acknowledged']);
});

it('what is no command is not kept', async () => {
  const { happened, send } = receiving(async () => true);
  await send({ ...SLASH, command: '/other' });
  await send({ ...MENTION, event: { ...MENTION.event, bot_id: 'B1' } });
  await send({ ...CLICK, actions: [{ type: 'button', action_id: 'page:1' }] });
  await send({ type: 'view_submission' });
  expect(happened).toEqual(Array.from({ length: 4 }, () => 'processed'));
});

it('keeps who, where and what, and no secret', () => {
  const kept = [MENTION, SLASH, CLICK].map((body) => takenFrom(body)?.taken);
  expect(kept.map((taken) => taken?.memory.command)).toEqual(['<@U0M0> drift prod', 'status', 'approve #42']);
  expect(kept[2]?.memory).toEqual({ command: 'approve #42', channel: 'C0OPS', thread: null, card: '7.8' });
  expect(JSON.stringify(kept)).not.toContain('secret');
  for (const taken of kept) expect(readTaken(JSON.stringify(taken))).toEqual(taken);
  expect(readTaken('{"userId": 1}')).toBeNull();
  expect(readTaken('no JSON')).toBeNull();
});

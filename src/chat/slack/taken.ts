/** What m0 keeps of a request of Slack's that it acknowledges, so that it is carried out also if m0 ends right after. */
import type { App, BlockAction, Receiver, ReceiverEvent } from '@slack/bolt';
import { z } from 'zod';
import { isRecord } from '../../base/is-record.ts';
import type { Origin } from './answer.ts';
import { COMMAND_ACTION } from './buttons.ts';
import { readMemory, viewMemory } from './views.ts';

const taken = z.object({
  userId: z.string(),
  memory: viewMemory,
  direct: z.boolean(),
  /** True where `memory.command` is a message as it was typed, with the mention of m0. */
  typed: z.boolean(),
  fromHomeTab: z.boolean(),
  /** The answers of a submitted form by field name; null where there was none. */
  answers: z.record(z.string(), z.string()).nullable(),
});

/** A command as it is kept. It has no trigger and no response URL: both end within minutes. */
export type Taken = z.infer<typeof taken>;

/** The kept command, or null where the text is none. */
export function readTaken(payload: string): Taken | null {
  try {
    const parsed = taken.safeParse(JSON.parse(payload));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}

const NOWHERE = { channel: null, thread: null, card: null };
const BASE = { direct: false, typed: false, fromHomeTab: false, answers: null };

const slash = z.object({
  command: z.literal('/m0'),
  text: z.string(),
  user_id: z.string(),
  channel_id: z.string(),
  trigger_id: z.string(),
});
const mention = z.object({
  type: z.literal('app_mention'),
  user: z.string(),
  channel: z.string(),
  thread_ts: z.string().optional(),
  text: z.string(),
  bot_id: z.undefined().optional(),
});
const message = z.object({
  type: z.literal('message'),
  channel_type: z.literal('im'),
  user: z.string(),
  channel: z.string(),
  text: z.string().optional(),
  subtype: z.undefined().optional(),
  bot_id: z.undefined().optional(),
});
const event = z.object({ event_id: z.string(), event: z.union([mention, message]) });
const click = z.object({
  type: z.literal('block_actions'),
  trigger_id: z.string(),
  actions: z.array(z.looseObject({ type: z.string(), action_id: z.string(), value: z.string().optional() })),
});

/** Where a click came from. */
export function originOfClick(body: BlockAction, command: string): Omit<Origin, 'respond' | 'triggerId'> {
  const userId = body.user.id;
  if (body.view?.type === 'home') {
    return { userId, memory: { ...NOWHERE, command }, direct: false, viewId: null, fromHomeTab: true };
  }
  if (body.view) {
    const memory = readMemory(body.view.private_metadata) ?? { ...NOWHERE, command };
    return { userId, memory: { ...memory, command }, direct: false, viewId: body.view.id };
  }
  const channel = body.channel?.id ?? null;
  // An ephemeral message cannot be updated, so it does not count as the card of a command.
  const ephemeral = body.container.is_ephemeral === true;
  const card = ephemeral ? null : (body.message?.ts ?? null);
  const direct = !ephemeral && channel?.startsWith('D') === true;
  return { userId, memory: { command, channel, thread: null, card }, direct, viewId: null };
}

/** The key under which the request is kept, and what is kept of it; null where it is no command. */
export function takenFrom(body: unknown): { readonly key: string; readonly taken: Taken } | null {
  if (!isRecord(body)) return null;
  const command = slash.safeParse(body);
  if (command.success) {
    const { user_id: userId, channel_id: channel, text, trigger_id: trigger } = command.data;
    const memory = { ...NOWHERE, command: text.trim(), channel };
    return { key: `trigger:${trigger}`, taken: { ...BASE, userId, memory } };
  }
  const happened = event.safeParse(body);
  if (happened.success) {
    const { event: of, event_id: id } = happened.data;
    const { user: userId, channel, text = '' } = of;
    const thread = of.type === 'app_mention' ? (of.thread_ts ?? null) : null;
    const memory = { ...NOWHERE, command: text, channel, thread };
    const direct = of.type === 'message';
    return { key: `event:${id}`, taken: { ...BASE, userId, memory, direct, typed: true } };
  }
  const clicked = click.safeParse(body);
  const action = clicked.data?.actions[0];
  if (!clicked.success || action?.type !== 'button' || action.value === undefined) return null;
  if (!COMMAND_ACTION.test(action.action_id)) return null;
  const {
    userId,
    memory,
    direct,
    fromHomeTab = false,
  } = originOfClick(body as unknown as BlockAction, action.value);
  return {
    key: `trigger:${clicked.data.trigger_id}`,
    taken: { ...BASE, userId, memory, direct, fromHomeTab },
  };
}

/**
 * The receiver, which keeps each command before Bolt sees it: Bolt acknowledges events by itself, before any listener.
 * What was taken in before is acknowledged and has no second effect.
 */
export function keepingReceiver(
  receiver: Receiver,
  takeIn: (key: string, taken: Taken) => Promise<boolean>,
): Receiver {
  const processing = (app: App) => async (request: ReceiverEvent) => {
    const command = takenFrom(request.body);
    if (command !== null && !(await takeIn(command.key, command.taken))) return request.ack();
    return app.processEvent(request);
  };
  return {
    // A receiver calls nothing but `processEvent`.
    init: (app) => receiver.init({ processEvent: processing(app) } as unknown as App),
    start: (...args) => receiver.start(...args),
    stop: (...args) => receiver.stop(...args),
  };
}

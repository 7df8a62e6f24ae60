/** Slack's response URLs. */

import { isRecord } from '../../base/is-record.ts';
import type { ChannelRecord, Message, ResponseUrlRecord } from './model.ts';
import { accept, contentOf, postAsBot } from './posting.ts';
import type { Runtime } from './runtime.ts';

const LIFETIME_MS = 30 * 60_000;
const MAX_USES = 5;

type Answer =
  | { readonly ok: true }
  | {
      readonly ok: false;
      readonly status: 400 | 404;
      readonly error: string;
      readonly messages?: readonly string[];
    };

/** The address of a new response URL. */
export function issueResponseUrl(
  runtime: Runtime,
  user: string,
  channel: ChannelRecord,
  message: Message | null,
): string {
  const messageTs = message?.ts ?? null;
  const record = runtime.state.addResponseUrl({ user, channel: channel.id, messageTs });
  return `${runtime.origin}/response/${record.id}`;
}

/**
 * Posts, replaces or deletes according to the body that the app sent to a response URL. A refused body counts
 * as a use, as in Slack.
 */
export function respond(runtime: Runtime, id: string, body: unknown): Answer {
  const record = runtime.state.data.responseUrls.find((other) => other.id === id);
  if (!record) return { ok: false, status: 404, error: 'invalid_url' };
  if (runtime.state.now() - record.issuedAt > LIFETIME_MS)
    return { ok: false, status: 404, error: 'expired_url' };
  if (record.uses >= MAX_USES) return { ok: false, status: 404, error: 'used_url' };
  record.uses += 1;
  if (!isRecord(body)) return { ok: false, status: 400, error: 'invalid_payload' };
  const original = record.messageTs ? runtime.state.message(record.channel, record.messageTs) : undefined;
  if (isYes(body.delete_original)) {
    if (!original) return { ok: false, status: 404, error: 'message_not_found' };
    runtime.state.removeMessage(original);
    return { ok: true };
  }
  return say(runtime, record, original, body);
}

function say(
  runtime: Runtime,
  record: ResponseUrlRecord,
  original: Message | undefined,
  body: Record<string, unknown>,
): Answer {
  const accepted = accept(runtime, contentOf(body));
  if (!accepted.ok) return { ok: false, status: 400, error: accepted.error, messages: accepted.messages };
  if (isYes(body.replace_original)) {
    if (!original) return { ok: false, status: 404, error: 'message_not_found' };
    const { text, blocks, mentions, links } = accepted;
    runtime.state.editMessage(original, { text, blocks, mentions, links });
    return { ok: true };
  }
  const inChannel = body.response_type === 'in_channel';
  const thread = typeof body.thread_ts === 'string' ? body.thread_ts : (original?.threadTs ?? null);
  const place = { channel: record.channel, threadTs: thread, visibleTo: inChannel ? null : record.user };
  postAsBot(runtime, accepted, place);
  return { ok: true };
}

function isYes(value: unknown): boolean {
  return value === true || value === 'true';
}

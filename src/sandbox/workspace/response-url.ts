import { isRecord } from '../../base/is-record.ts';
import type { ChannelRecord, Message, ResponseUrlRecord } from './model.ts';
import { accept, contentOf, postAsBot } from './posting.ts';
import type { Realm } from './realm.ts';

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
  realm: Realm,
  user: string,
  channel: ChannelRecord,
  message: Message | null,
): string {
  const messageTs = message?.ts ?? null;
  const record = realm.state.addResponseUrl({ user, channel: channel.id, messageTs });
  return `${realm.origin}/response/${record.id}`;
}

/** Says, replaces or deletes what the app sent to a response URL. A refused body counts as a use, as with Slack. */
export function respond(realm: Realm, id: string, body: unknown): Answer {
  const record = realm.state.data.responseUrls.find((other) => other.id === id);
  if (!record) return { ok: false, status: 404, error: 'invalid_url' };
  if (realm.state.now() - record.issuedAt > LIFETIME_MS)
    return { ok: false, status: 404, error: 'expired_url' };
  if (record.uses >= MAX_USES) return { ok: false, status: 404, error: 'used_url' };
  record.uses += 1;
  if (!isRecord(body)) return { ok: false, status: 400, error: 'invalid_payload' };
  const original = record.messageTs ? realm.state.message(record.channel, record.messageTs) : undefined;
  if (isYes(body.delete_original)) {
    if (!original) return { ok: false, status: 404, error: 'message_not_found' };
    realm.state.removeMessage(original);
    return { ok: true };
  }
  return say(realm, record, original, body);
}

function say(
  realm: Realm,
  record: ResponseUrlRecord,
  original: Message | undefined,
  body: Record<string, unknown>,
): Answer {
  const accepted = accept(realm, contentOf(body));
  if (!accepted.ok) return { ok: false, status: 400, error: accepted.error, messages: accepted.messages };
  if (isYes(body.replace_original)) {
    if (!original) return { ok: false, status: 404, error: 'message_not_found' };
    const { text, blocks, mentions, links } = accepted;
    realm.state.editMessage(original, { text, blocks, mentions, links });
    return { ok: true };
  }
  const inChannel = body.response_type === 'in_channel';
  const thread = typeof body.thread_ts === 'string' ? body.thread_ts : (original?.threadTs ?? null);
  const place = { channel: record.channel, threadTs: thread, visibleTo: inChannel ? null : record.user };
  postAsBot(realm, accepted, place);
  return { ok: true };
}

function isYes(value: unknown): boolean {
  return value === true || value === 'true';
}

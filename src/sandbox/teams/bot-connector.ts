/** The local Teams' Bot Connector: answers the bot's calls. */
import { refuseCard } from './card.ts';
import { fileOf } from './files.ts';
import type { Json, TeamsMessage } from './model.ts';
import { cardOf, type Organisation } from './organisation.ts';

const MAX_BYTES = 100 * 1024;

export type Answer =
  | { readonly status: number; readonly body: unknown }
  | { readonly status: number; readonly error: string; readonly message?: string };

/**
 * Answers a bot's call to the Bot Connector's REST API, and refuses what Teams refuses. `path` is the
 * unescaped path after `/v3`. `only` is true for a message that only its recipient sees.
 */
export function answerCall(
  organisation: Organisation,
  call: {
    readonly method: string;
    readonly path: readonly string[];
    readonly body: Json;
    readonly only: boolean;
  },
): Answer {
  const { method, body } = call;
  const [what, id = '', sub, messageId] = call.path;
  if (what === 'teams' && sub === 'conversations' && method === 'GET') return channels(organisation, id);
  if (what !== 'conversations') return { status: 404, error: 'NotFound' };
  if (id === '' && method === 'POST') return openChat(organisation, body);
  const [conversation = '', thread = null] = id.split(';messageid=');
  const refused = refuseConversation(organisation, conversation);
  if (refused !== null) return refused;
  if (method === 'POST' && sub === 'activities') {
    return post(organisation, conversation, thread, body, call.only);
  }
  const message = organisation.messages.find((m) => m.id === messageId && m.conversation === conversation);
  if (message === undefined || message.from !== organisation.botId) {
    return { status: 404, error: 'ActivityNotFound' };
  }
  if (call.only !== (message.visibleTo !== null)) {
    return { status: 404, error: 'ActivityNotFoundInConversation' };
  }
  if (call.only && body.recipient !== undefined) return { status: 400, error: 'BadArgument' };
  if (method === 'DELETE') {
    organisation.remove(message);
    return { status: 200, body: {} };
  }
  return method === 'PUT' ? update(organisation, message, body) : { status: 405, error: 'MethodNotAllowed' };
}

function channels(organisation: Organisation, id: string): Answer {
  const team = organisation.teams.find((t) => t.id === id);
  if (team === undefined || !organisation.inTeams.has(id)) {
    return { status: 403, error: 'BotNotInConversationRoster' };
  }
  return { status: 200, body: { conversations: team.channels.map((c) => ({ id: c.id })) } };
}

function openChat(organisation: Organisation, body: Json): Answer {
  const members = body.members as readonly { readonly id: string }[] | undefined;
  const person = members?.[0]?.id ?? '';
  if (!organisation.people.some((p) => p.aadObjectId === person))
    return { status: 404, error: 'UserNotFound' };
  if (!organisation.installed.has(person)) return { status: 403, error: 'BotNotInConversationRoster' };
  if (body.tenantId !== organisation.tenantId) return { status: 403, error: 'ForbiddenTenant' };
  return { status: 201, body: { id: organisation.chatOf(person) } };
}

function post(
  organisation: Organisation,
  conversation: string,
  thread: string | null,
  body: Json,
  only: boolean,
): Answer {
  const isRoot = (m: TeamsMessage): boolean => m.id === thread && m.conversation === conversation;
  if (thread !== null && !organisation.messages.some(isRoot)) {
    return { status: 404, error: 'ConversationNotFound' };
  }
  const bad = refuseActivity(organisation, conversation, body);
  if (bad !== null) return bad;
  const recipient = (body.recipient as { readonly id?: string } | undefined)?.id ?? null;
  if (only && (!organisation.targeted || recipient === null || conversation.startsWith('a:'))) {
    return { status: 400, error: 'BadArgument' };
  }
  const { id } = organisation.add({
    id: organisation.nextId(),
    conversation,
    thread,
    from: organisation.botId,
    visibleTo: only ? recipient : null,
    card: cardOf(body),
    file: fileOf(body),
    summary: String(body.summary ?? ''),
  });
  return { status: 201, body: { id } };
}

function update(organisation: Organisation, message: TeamsMessage, body: Json): Answer {
  const bad = refuseActivity(organisation, message.conversation, body);
  if (bad !== null) return bad;
  organisation.edit(message, { card: cardOf(body), file: fileOf(body), summary: String(body.summary ?? '') });
  return { status: 200, body: { id: message.id } };
}

function refuseConversation(organisation: Organisation, conversation: string): Answer | null {
  const absent: Answer = { status: 403, error: 'BotNotInConversationRoster' };
  const person = organisation.personIn(conversation);
  if (person !== undefined) return organisation.installed.has(person) ? null : absent;
  if (organisation.isGroupChat(conversation)) return null;
  const team = organisation.teamOf(conversation);
  if (team === undefined) return { status: 404, error: 'ConversationNotFound' };
  return organisation.inTeams.has(team.id) ? null : absent;
}

function refuseActivity(organisation: Organisation, conversation: string, body: Json): Answer | null {
  if (Buffer.byteLength(JSON.stringify(body)) > MAX_BYTES) return { status: 413, error: 'MessageSizeTooBig' };
  if ((body.from as Json | undefined)?.id !== organisation.botId) {
    return { status: 400, error: 'MissingProperty' };
  }
  if (body.type === 'message' && fileOf(body) !== null) {
    // Bots can send files only in the chat with a person.
    return conversation.startsWith('a:') ? null : { status: 400, error: 'BadArgument' };
  }
  const card = cardOf(body);
  if (body.type !== 'message' || card === null) return { status: 400, error: 'BadSyntax' };
  const [problem] = refuseCard(card);
  return problem === undefined ? null : { status: 400, error: 'BadArgument', message: problem };
}

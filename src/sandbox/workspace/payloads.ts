/** The payloads that Slack sends to the app. */

import { isRecord } from '../../base/is-record.ts';
import { messageShape, viewShape } from './api/shapes.ts';
import type { ChannelRecord, Message, View, WorkspaceUser } from './model.ts';
import { issueResponseUrl } from './response-url.ts';
import type { Runtime } from './runtime.ts';
import { type Entered, inputsOf, stateValue } from './views.ts';

/** The deprecated verification token, which apps ignore. */
const TOKEN = 'local';

function head(runtime: Runtime, user: WorkspaceUser): Record<string, unknown> {
  const { teamId, appId } = runtime.state.directory;
  return {
    team: { id: teamId, domain: 'local' },
    user: { id: user.id, username: user.name, name: user.name, team_id: teamId },
    api_app_id: appId,
    token: TOKEN,
    enterprise: null,
    is_enterprise_install: false,
  };
}

export function slashPayload(
  runtime: Runtime,
  user: WorkspaceUser,
  channel: ChannelRecord,
  command: string,
  text: string,
): Record<string, unknown> {
  const { teamId, appId } = runtime.state.directory;
  return {
    token: TOKEN,
    team_id: teamId,
    team_domain: 'local',
    channel_id: channel.id,
    channel_name: channel.kind === 'im' ? 'directmessage' : channel.name,
    user_id: user.id,
    user_name: user.name,
    command,
    text,
    api_app_id: appId,
    is_enterprise_install: 'false',
    response_url: issueResponseUrl(runtime, user.id, channel, null),
    trigger_id: runtime.triggers.issue(user.id, null),
  };
}

export type EnteredValues = Readonly<Record<string, Entered>>;

/** `state.values` of the inputs in these blocks; `values` are keyed by action_id or block_id. */
export function stateValues(
  blocks: Message['blocks'],
  values: EnteredValues,
): Record<string, Record<string, unknown>> {
  const state: Record<string, Record<string, unknown>> = {};
  for (const { blockId, actionId, element } of inputsOf(blocks)) {
    const entered = values[actionId] ?? values[blockId];
    state[blockId] = { ...state[blockId], [actionId]: stateValue(element, entered) };
  }
  return state;
}

/** The payload of a click or choice in a message. It does not contain an ephemeral message itself. */
export function messageActionPayload(
  runtime: Runtime,
  user: WorkspaceUser,
  channel: ChannelRecord,
  message: Message,
  action: Record<string, unknown>,
  values: EnteredValues,
): Record<string, unknown> {
  const thread = message.threadTs ? { thread_ts: message.threadTs } : {};
  return {
    type: 'block_actions',
    ...head(runtime, user),
    container: {
      type: 'message',
      message_ts: message.ts,
      channel_id: channel.id,
      is_ephemeral: message.visibleTo !== null,
      ...thread,
    },
    trigger_id: runtime.triggers.issue(user.id, null),
    channel: { id: channel.id, name: channel.kind === 'im' ? 'directmessage' : channel.name },
    ...(message.visibleTo ? {} : { message: messageShape(runtime, message, true) }),
    state: { values: stateValues(message.blocks, values) },
    response_url: issueResponseUrl(runtime, user.id, channel, message),
    actions: [{ ...action, action_ts: runtime.state.nextTs() }],
  };
}

export function viewActionPayload(
  runtime: Runtime,
  user: WorkspaceUser,
  view: View,
  action: Record<string, unknown>,
  values: EnteredValues,
): Record<string, unknown> {
  return {
    type: 'block_actions',
    ...head(runtime, user),
    container: { type: 'view', view_id: view.id },
    trigger_id: runtime.triggers.issue(user.id, view.type === 'modal' ? view.id : null),
    view: viewShape(runtime, view, stateValues(view.blocks, values)),
    actions: [{ ...action, action_ts: runtime.state.nextTs() }],
  };
}

export function submissionPayload(
  runtime: Runtime,
  user: WorkspaceUser,
  view: View,
  values: EnteredValues,
): Record<string, unknown> {
  return {
    type: 'view_submission',
    ...head(runtime, user),
    trigger_id: runtime.triggers.issue(user.id, view.id),
    view: viewShape(runtime, view, stateValues(view.blocks, values)),
    response_urls: [],
  };
}

export function closedPayload(
  runtime: Runtime,
  user: WorkspaceUser,
  view: View,
  isCleared: boolean,
): Record<string, unknown> {
  return {
    type: 'view_closed',
    ...head(runtime, user),
    view: viewShape(runtime, view, stateValues(view.blocks, {})),
    is_cleared: isCleared,
  };
}

export function eventPayload(runtime: Runtime, event: Record<string, unknown>): Record<string, unknown> {
  const { teamId, appId, botUserId } = runtime.state.directory;
  return {
    token: TOKEN,
    team_id: teamId,
    api_app_id: appId,
    event,
    type: 'event_callback',
    event_id: runtime.state.nextId('Ev'),
    event_time: Math.floor(runtime.state.now() / 1000),
    is_ext_shared_channel: false,
    authorizations: [
      {
        enterprise_id: null,
        team_id: teamId,
        user_id: botUserId,
        is_bot: true,
        is_enterprise_install: false,
      },
    ],
  };
}

/** The message event for a person's message. */
export function messageEvent(
  runtime: Runtime,
  type: 'app_mention' | 'message',
  channel: ChannelRecord,
  message: Message,
): Record<string, unknown> {
  return {
    type,
    user: message.user,
    text: message.text,
    ts: message.ts,
    event_ts: message.ts,
    channel: channel.id,
    team: runtime.state.directory.teamId,
    ...(type === 'message' ? { channel_type: channel.kind } : {}),
    ...(message.threadTs ? { thread_ts: message.threadTs } : {}),
  };
}

/**
 * An action as Slack reports it: the element, and the chosen value. Throws for a value that the element does
 * not offer.
 */
export function actionOf(
  blockId: string,
  element: Record<string, unknown>,
  chosen: Entered | undefined,
): Record<string, unknown> {
  const { type, action_id, text, value, style } = element;
  const base = { type, action_id, block_id: blockId };
  if (type === 'button') {
    return {
      ...base,
      text,
      ...(value === undefined ? {} : { value }),
      ...(style === undefined ? {} : { style }),
    };
  }
  if (type === 'overflow') {
    const options = Array.isArray(element.options) ? element.options.filter(isRecord) : [];
    const option = options.find((candidate) => candidate.value === chosen);
    if (!option) throw new Error(`clicking: overflow menu has no option ${String(chosen)}`);
    return { ...base, selected_option: option };
  }
  return { ...base, ...stateValue(element, chosen) };
}

/** Submits modals. */

import { isRecord } from '../../base/is-record.ts';
import type { View, WorkspaceUser } from './model.ts';
import { closedPayload, type EnteredValues, stateValues, submissionPayload } from './payloads.ts';
import type { Runtime } from './runtime.ts';
import { refuseView } from './validation/view.ts';
import { applyView, buildView, entryProblem, inputsOf } from './views.ts';

export type SubmitResult =
  | { readonly outcome: 'closed' | 'cleared' }
  | { readonly outcome: 'updated' | 'pushed'; readonly view: View }
  /** Shown at the inputs, by block_id. */
  | { readonly outcome: 'errors'; readonly errors: Readonly<Record<string, string>> }
  /** Slack's client shows only "We had some trouble connecting"; `why` is the reason. */
  | { readonly outcome: 'operation_timeout' | 'dispatch_failed' | 'invalid_response'; readonly why: string };

/** Submits a modal for its person and performs the action in the app's answer. */
export async function submitView(
  runtime: Runtime,
  user: WorkspaceUser,
  view: View,
  values: EnteredValues,
): Promise<SubmitResult> {
  const errors = entryProblems(view, values);
  if (Object.keys(errors).length > 0) return { outcome: 'errors', errors };
  const payload = submissionPayload(runtime, user, view, values);
  const ack = await runtime.delivery.deliver('interactive', payload, null);
  if (!ack.ok) return { outcome: ack.error, why: `the app did not answer (${ack.error})` };
  const answer = isRecord(ack.payload) ? ack.payload : {};
  switch (answer.response_action) {
    case undefined:
      close(runtime, (other) => other === view);
      return { outcome: 'closed' };
    case 'clear':
      await clear(runtime, user, view);
      return { outcome: 'cleared' };
    case 'errors':
      return answerErrors(view, answer.errors);
    case 'update':
    case 'push':
      return answerView(runtime, user, view, answer);
    default:
      return {
        outcome: 'invalid_response',
        why: `unknown response_action: ${String(answer.response_action)}`,
      };
  }
}

function entryProblems(view: View, values: EnteredValues): Record<string, string> {
  const state = stateValues(view.blocks, values);
  const errors: Record<string, string> = {};
  for (const input of inputsOf(view.blocks)) {
    const value = state[input.blockId]?.[input.actionId];
    const problem = isRecord(value) ? entryProblem(input, value) : null;
    if (problem) errors[input.blockId] = problem;
  }
  return errors;
}

function close(runtime: Runtime, which: (view: View) => boolean): void {
  runtime.state.data.views = runtime.state.data.views.filter((view) => !which(view));
  runtime.state.changed();
}

async function clear(runtime: Runtime, user: WorkspaceUser, view: View): Promise<void> {
  const others = runtime.state.data.views.filter((other) => other.user === user.id && other !== view);
  close(runtime, (other) => other.user === user.id);
  for (const other of others.filter((one) => one.notifyOnClose)) {
    await runtime.delivery.deliver('interactive', closedPayload(runtime, user, other, true), null);
  }
}

function answerErrors(view: View, given: unknown): SubmitResult {
  const entries = isRecord(given) ? Object.entries(given) : [];
  const blocks = new Set(
    view.blocks.filter((block) => block.type === 'input').map((block) => block.block_id),
  );
  const stray = entries.find(([blockId]) => !blocks.has(blockId));
  if (entries.length === 0 || stray) {
    return { outcome: 'invalid_response', why: `errors name no input block: ${stray?.[0] ?? 'empty'}` };
  }
  const errors = Object.fromEntries(entries.map(([blockId, text]) => [blockId, String(text)]));
  return { outcome: 'errors', errors };
}

function answerView(
  runtime: Runtime,
  user: WorkspaceUser,
  view: View,
  answer: Record<string, unknown>,
): SubmitResult {
  const refused = refuseView(answer.view, 'modal', runtime.allowBroadcast);
  if (refused) return { outcome: 'invalid_response', why: [refused.error, ...refused.messages].join(' ') };
  const definition = answer.view as Record<string, unknown>;
  if (answer.response_action === 'update') {
    applyView(runtime, view, definition);
    return { outcome: 'updated', view };
  }
  const pushed = buildView(runtime, definition, user.id, view);
  runtime.state.data.views.push(pushed);
  runtime.state.changed();
  return { outcome: 'pushed', view: pushed };
}

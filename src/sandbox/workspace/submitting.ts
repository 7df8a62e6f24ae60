import { isRecord } from '../../base/is-record.ts';
import type { View, WorkspaceUser } from './model.ts';
import { closedPayload, type EnteredValues, stateValues, submissionPayload } from './payloads.ts';
import type { Realm } from './realm.ts';
import { refuseView } from './validation/view.ts';
import { applyView, buildView, entryProblem, inputsOf } from './views.ts';

export type SubmitResult =
  | { readonly outcome: 'closed' | 'cleared' }
  | { readonly outcome: 'updated' | 'pushed'; readonly view: View }
  /** Told beside the inputs, by block_id. */
  | { readonly outcome: 'errors'; readonly errors: Readonly<Record<string, string>> }
  /** `why` is what Slack's client hides behind "We had some trouble connecting". */
  | { readonly outcome: 'operation_timeout' | 'dispatch_failed' | 'invalid_response'; readonly why: string };

/** Submits a modal as its person and does what the app's answer asks for. */
export async function submitView(
  realm: Realm,
  user: WorkspaceUser,
  view: View,
  values: EnteredValues,
): Promise<SubmitResult> {
  const errors = entryProblems(view, values);
  if (Object.keys(errors).length > 0) return { outcome: 'errors', errors };
  const payload = submissionPayload(realm, user, view, values);
  const ack = await realm.delivery.deliver('interactive', payload, null);
  if (!ack.ok) return { outcome: ack.error, why: `the app did not answer (${ack.error})` };
  const answer = isRecord(ack.payload) ? ack.payload : {};
  switch (answer.response_action) {
    case undefined:
      close(realm, (other) => other === view);
      return { outcome: 'closed' };
    case 'clear':
      await clear(realm, user, view);
      return { outcome: 'cleared' };
    case 'errors':
      return answerErrors(view, answer.errors);
    case 'update':
    case 'push':
      return answerView(realm, user, view, answer);
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

function close(realm: Realm, which: (view: View) => boolean): void {
  realm.state.data.views = realm.state.data.views.filter((view) => !which(view));
  realm.state.changed();
}

async function clear(realm: Realm, user: WorkspaceUser, view: View): Promise<void> {
  const others = realm.state.data.views.filter((other) => other.user === user.id && other !== view);
  close(realm, (other) => other.user === user.id);
  for (const other of others.filter((one) => one.notifyOnClose)) {
    await realm.delivery.deliver('interactive', closedPayload(realm, user, other, true), null);
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
  realm: Realm,
  user: WorkspaceUser,
  view: View,
  answer: Record<string, unknown>,
): SubmitResult {
  const refused = refuseView(answer.view, 'modal', realm.allowBroadcast);
  if (refused) return { outcome: 'invalid_response', why: [refused.error, ...refused.messages].join(' ') };
  const definition = answer.view as Record<string, unknown>;
  if (answer.response_action === 'update') {
    applyView(realm, view, definition);
    return { outcome: 'updated', view };
  }
  const pushed = buildView(realm, definition, user.id, view);
  realm.state.data.views.push(pushed);
  realm.state.changed();
  return { outcome: 'pushed', view: pushed };
}

/** The views.* methods of the Web API. */
import type { View } from '../model.ts';
import type { Runtime } from '../runtime.ts';
import { refuseView } from '../validation/view.ts';
import { applyView, buildView } from '../views.ts';
import { ApiError } from './api-error.ts';
import type { Args, Method } from './args.ts';
import { viewShape } from './shapes.ts';

const MAX_STACK = 3;

function given(runtime: Runtime, args: Args, type: 'modal' | 'home'): Record<string, unknown> {
  const view = args.json('view', 'invalid_arguments');
  if (view === undefined) throw new ApiError('invalid_arguments', ['[ERROR] missing required field: view']);
  const refused = refuseView(view, type, runtime.allowBroadcast);
  if (refused) throw new ApiError(refused.error, refused.messages);
  return view as Record<string, unknown>;
}

/** The person and modal of the interaction. The trigger is checked but not used up yet. */
function exchange(runtime: Runtime, args: Args): { id: string; user: string; viewId: string | null } {
  const id = args.required('trigger_id');
  const result = runtime.triggers.check(id);
  if (!result.ok) throw new ApiError(result.error);
  return { id, user: result.user, viewId: result.viewId };
}

const open: Method = (runtime, args) => {
  const trigger = exchange(runtime, args);
  const definition = given(runtime, args, 'modal');
  uniqueExternalId(runtime, definition);
  runtime.triggers.use(trigger.id);
  const view = buildView(runtime, definition, trigger.user, null);
  // A new modal replaces the modals that the person had open.
  runtime.state.data.views = runtime.state.data.views.filter((other) => other.user !== trigger.user);
  runtime.state.data.views.push(view);
  runtime.state.changed();
  return { view: viewShape(runtime, view) };
};

const push: Method = (runtime, args) => {
  const trigger = exchange(runtime, args);
  const definition = given(runtime, args, 'modal');
  uniqueExternalId(runtime, definition);
  const stack = runtime.state.data.views.filter((view) => view.user === trigger.user);
  const top = stack.at(-1);
  if (!top || trigger.viewId === null)
    throw new ApiError('not_found', ['[ERROR] no modal is open to push onto']);
  if (stack.length >= MAX_STACK) throw new ApiError('push_limit_reached');
  runtime.triggers.use(trigger.id);
  const view = buildView(runtime, definition, trigger.user, top);
  runtime.state.data.views.push(view);
  runtime.state.changed();
  return { view: viewShape(runtime, view) };
};

const update: Method = (runtime, args) => {
  const byExternal = args.text('external_id');
  const view: View | undefined =
    byExternal === ''
      ? runtime.state.view(args.required('view_id'))
      : runtime.state.data.views.find((other) => other.externalId === byExternal);
  if (!view) throw new ApiError('not_found');
  const hash = args.text('hash');
  if (hash !== '' && hash !== view.hash) throw new ApiError('hash_conflict');
  applyView(runtime, view, given(runtime, args, view.type));
  return { view: viewShape(runtime, view) };
};

const publish: Method = (runtime, args) => {
  const user = args.required('user_id');
  if (!runtime.state.user(user)) throw new ApiError('user_not_found');
  const definition = given(runtime, args, 'home');
  const home = runtime.state.data.homes.find((view) => view.user === user);
  if (home) {
    const hash = args.text('hash');
    if (hash !== '' && hash !== home.hash) throw new ApiError('hash_conflict');
    applyView(runtime, home, definition);
    return { view: viewShape(runtime, home) };
  }
  const view = buildView(runtime, definition, user, null);
  runtime.state.data.homes.push(view);
  runtime.state.changed();
  return { view: viewShape(runtime, view) };
};

function uniqueExternalId(runtime: Runtime, definition: Record<string, unknown>): void {
  const id = definition.external_id;
  if (id !== undefined && id !== '' && runtime.state.data.views.some((view) => view.externalId === id)) {
    throw new ApiError('duplicate_external_id');
  }
}

export const viewMethods: Readonly<Record<string, Method>> = {
  'views.open': open,
  'views.push': push,
  'views.update': update,
  'views.publish': publish,
};

import type { View } from '../model.ts';
import type { Realm } from '../realm.ts';
import { refuseView } from '../validation/view.ts';
import { applyView, buildView } from '../views.ts';
import { ApiError } from './api-error.ts';
import type { Args, Method } from './args.ts';
import { viewShape } from './shapes.ts';

const MAX_STACK = 3;

function given(realm: Realm, args: Args, type: 'modal' | 'home'): Record<string, unknown> {
  const view = args.json('view', 'invalid_arguments');
  if (view === undefined) throw new ApiError('invalid_arguments', ['[ERROR] missing required field: view']);
  const refused = refuseView(view, type, realm.allowBroadcast);
  if (refused) throw new ApiError(refused.error, refused.messages);
  return view as Record<string, unknown>;
}

/** The person and modal of the interaction, checked but not yet used up. */
function exchange(realm: Realm, args: Args): { id: string; user: string; viewId: string | null } {
  const id = args.required('trigger_id');
  const result = realm.triggers.check(id);
  if (!result.ok) throw new ApiError(result.error);
  return { id, user: result.user, viewId: result.viewId };
}

const open: Method = (realm, args) => {
  const trigger = exchange(realm, args);
  const definition = given(realm, args, 'modal');
  uniqueExternalId(realm, definition);
  realm.triggers.use(trigger.id);
  const view = buildView(realm, definition, trigger.user, null);
  // A modal opened anew takes the place of what the person had open.
  realm.state.data.views = realm.state.data.views.filter((other) => other.user !== trigger.user);
  realm.state.data.views.push(view);
  realm.state.changed();
  return { view: viewShape(realm, view) };
};

const push: Method = (realm, args) => {
  const trigger = exchange(realm, args);
  const definition = given(realm, args, 'modal');
  uniqueExternalId(realm, definition);
  const stack = realm.state.data.views.filter((view) => view.user === trigger.user);
  const top = stack.at(-1);
  if (!top || trigger.viewId === null)
    throw new ApiError('not_found', ['[ERROR] no modal is open to push onto']);
  if (stack.length >= MAX_STACK) throw new ApiError('push_limit_reached');
  realm.triggers.use(trigger.id);
  const view = buildView(realm, definition, trigger.user, top);
  realm.state.data.views.push(view);
  realm.state.changed();
  return { view: viewShape(realm, view) };
};

const update: Method = (realm, args) => {
  const byExternal = args.text('external_id');
  const view: View | undefined =
    byExternal === ''
      ? realm.state.view(args.required('view_id'))
      : realm.state.data.views.find((other) => other.externalId === byExternal);
  if (!view) throw new ApiError('not_found');
  const hash = args.text('hash');
  if (hash !== '' && hash !== view.hash) throw new ApiError('hash_conflict');
  applyView(realm, view, given(realm, args, view.type));
  return { view: viewShape(realm, view) };
};

const publish: Method = (realm, args) => {
  const user = args.required('user_id');
  if (!realm.state.user(user)) throw new ApiError('user_not_found');
  const definition = given(realm, args, 'home');
  const home = realm.state.data.homes.find((view) => view.user === user);
  if (home) {
    const hash = args.text('hash');
    if (hash !== '' && hash !== home.hash) throw new ApiError('hash_conflict');
    applyView(realm, home, definition);
    return { view: viewShape(realm, home) };
  }
  const view = buildView(realm, definition, user, null);
  realm.state.data.homes.push(view);
  realm.state.changed();
  return { view: viewShape(realm, view) };
};

function uniqueExternalId(realm: Realm, definition: Record<string, unknown>): void {
  const id = definition.external_id;
  if (id !== undefined && id !== '' && realm.state.data.views.some((view) => view.externalId === id)) {
    throw new ApiError('duplicate_external_id');
  }
}

export const viewMethods: Readonly<Record<string, Method>> = {
  'views.open': open,
  'views.push': push,
  'views.update': update,
  'views.publish': publish,
};

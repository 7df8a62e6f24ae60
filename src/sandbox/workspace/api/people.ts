/** The auth.*, users.* and usergroups.* methods of the Web API. */
import { ApiError } from './api-error.ts';
import type { Method } from './args.ts';
import { page, userShape } from './shapes.ts';

const authTest: Method = (runtime) => {
  const { teamId, botUserId, botId } = runtime.state.directory;
  return {
    url: `${runtime.origin}/`,
    team: 'Local workspace',
    team_id: teamId,
    user: runtime.state.user(botUserId)?.name ?? 'm0',
    user_id: botUserId,
    bot_id: botId,
    is_enterprise_install: false,
  };
};

const connectionsOpen: Method = (runtime) => ({
  url: `${runtime.origin.replace(/^http/, 'ws')}${runtime.socketMode.issueTicket()}`,
});

const usersInfo: Method = (runtime, args) => {
  const user = runtime.state.user(args.required('user'));
  if (!user) throw new ApiError('user_not_found');
  return { user: userShape(runtime, user) };
};

const usersList: Method = (runtime, args) => {
  const { items, cursor } = page(runtime.state.directory.users, args);
  return {
    members: items.map((user) => userShape(runtime, user)),
    response_metadata: { next_cursor: cursor },
  };
};

const lookupByEmail: Method = (runtime, args) => {
  const email = args.required('email').toLowerCase();
  const user = runtime.state.directory.users.find((other) => other.email.toLowerCase() === email);
  if (!user) throw new ApiError('users_not_found');
  return { user: userShape(runtime, user) };
};

const usergroupsList: Method = (runtime, args) => ({
  usergroups: runtime.state.directory.usergroups.map((group) => ({
    id: group.id,
    team_id: runtime.state.directory.teamId,
    handle: group.handle,
    name: group.name,
    is_usergroup: true,
    date_delete: 0,
    user_count: group.users.length,
    ...(args.flag('include_users') ? { users: group.users } : {}),
  })),
});

const usergroupUsers: Method = (runtime, args) => {
  const group = runtime.state.directory.usergroups.find((other) => other.id === args.required('usergroup'));
  if (!group) throw new ApiError('no_such_subteam');
  return { users: group.users };
};

export const peopleMethods: Readonly<Record<string, Method>> = {
  'auth.test': authTest,
  'apps.connections.open': connectionsOpen,
  'users.info': usersInfo,
  'users.list': usersList,
  'users.lookupByEmail': lookupByEmail,
  'usergroups.list': usergroupsList,
  'usergroups.users.list': usergroupUsers,
};

import { ApiError } from './api-error.ts';
import type { Method } from './args.ts';
import { page, userShape } from './shapes.ts';

const authTest: Method = (realm) => {
  const { teamId, botUserId, botId } = realm.state.directory;
  return {
    url: `${realm.origin}/`,
    team: 'Local workspace',
    team_id: teamId,
    user: realm.state.user(botUserId)?.name ?? 'm0',
    user_id: botUserId,
    bot_id: botId,
    is_enterprise_install: false,
  };
};

const connectionsOpen: Method = (realm) => ({
  url: `${realm.origin.replace(/^http/, 'ws')}${realm.socketMode.issueTicket()}`,
});

const usersInfo: Method = (realm, args) => {
  const user = realm.state.user(args.required('user'));
  if (!user) throw new ApiError('user_not_found');
  return { user: userShape(realm, user) };
};

const usersList: Method = (realm, args) => {
  const { items, cursor } = page(realm.state.directory.users, args);
  return { members: items.map((user) => userShape(realm, user)), response_metadata: { next_cursor: cursor } };
};

const lookupByEmail: Method = (realm, args) => {
  const email = args.required('email').toLowerCase();
  const user = realm.state.directory.users.find((other) => other.email.toLowerCase() === email);
  if (!user) throw new ApiError('users_not_found');
  return { user: userShape(realm, user) };
};

const usergroupsList: Method = (realm, args) => ({
  usergroups: realm.state.directory.usergroups.map((group) => ({
    id: group.id,
    team_id: realm.state.directory.teamId,
    handle: group.handle,
    name: group.name,
    is_usergroup: true,
    date_delete: 0,
    user_count: group.users.length,
    ...(args.flag('include_users') ? { users: group.users } : {}),
  })),
});

const usergroupUsers: Method = (realm, args) => {
  const group = realm.state.directory.usergroups.find((other) => other.id === args.required('usergroup'));
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

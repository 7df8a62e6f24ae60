import {
  startWorkspace,
  type Workspace,
  type WorkspaceOptions,
} from '../../src/sandbox/workspace/workspace.ts';

type User = WorkspaceOptions['users'][number];

export const TOKENS = { botToken: 'xoxb-local-bot', appToken: 'xapp-local-app' };

/** Somebody with an account; a digit behind the name is not part of their address. */
export function user(id: string, name: string, account?: User['account']): User {
  return {
    ...{ id, name, realName: name, email: `${name.replace(/\d$/, '')}@acme.dev` },
    ...(account === undefined ? {} : { account }),
  };
}

/** Whom one can be on the page of the sandbox in its tests. */
export const PAGE_PEOPLE: readonly User[] = [
  { ...user('U0DANA', 'dana'), realName: 'Dana', title: 'on call' },
  { ...user('U0EVE', 'eve'), realName: 'Eve', title: 'engineer' },
];

/** A workspace of m0 and these people, who are all in its one channel, #ops. */
export function opsWorkspace(users: readonly User[]): Promise<Workspace> {
  return startWorkspace({
    ...{ port: 0, users, botUserId: 'U0M0', teamId: 'T0ACME', signingSecret: 'local', ...TOKENS },
    channels: [{ id: 'C0OPS', name: 'ops', members: ['U0M0', ...users.map((u) => u.id)] }],
    rateLimit: null,
  });
}

/** Local Slack workspaces and their users. */
import {
  startWorkspace,
  type Workspace,
  type WorkspaceOptions,
} from '../../src/sandbox/workspace/workspace.ts';

type User = WorkspaceOptions['users'][number];

export const TOKENS = { botToken: 'xoxb-local-bot', appToken: 'xapp-local-app' };

/** A Slack user; a digit at the end of the name is left out of the e-mail address. */
export function user(id: string, name: string, account?: User['account']): User {
  return {
    ...{ id, name, realName: name, email: `${name.replace(/\d$/, '')}@acme.dev` },
    ...(account === undefined ? {} : { account }),
  };
}

/** The users that a test of the sandbox page can act as. */
export const PAGE_PEOPLE: readonly User[] = [
  { ...user('U0DANA', 'dana'), realName: 'Dana', title: 'on call' },
  { ...user('U0EVE', 'eve'), realName: 'Eve', title: 'engineer' },
];

/** Starts a workspace with m0 and these users, all members of its only channel, #ops. */
export function opsWorkspace(users: readonly User[]): Promise<Workspace> {
  return startWorkspace({
    ...{ port: 0, users, botUserId: 'U0M0', teamId: 'T0ACME', signingSecret: 'local', ...TOKENS },
    channels: [{ id: 'C0OPS', name: 'ops', members: ['U0M0', ...users.map((u) => u.id)] }],
    rateLimit: null,
  });
}

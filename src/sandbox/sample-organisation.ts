/** The sample organisation: the people, channels and secrets of the sandbox's Slack and Teams. */
import type { Team } from './teams/model.ts';

/** Without value: they work only for the workspace on this machine, which uses them itself. */
export const SECRETS = {
  botToken: 'xoxb-sandbox-bot',
  appToken: 'xapp-sandbox-app',
  signingSecret: 'sandbox-signing-secret',
} as const;

/** `id` is the Slack id, `teams` the Entra object id. */
export const PEOPLE = [
  {
    ...{ id: 'U0DANA', teams: 'da4a0000-0000-4000-8000-000000000001' },
    ...{ name: 'dana', realName: 'Dana', title: 'on call, may approve', email: 'dana@acme.dev' },
  },
  {
    ...{ id: 'U0KIM', teams: 'c1400000-0000-4000-8000-000000000002' },
    ...{ name: 'kim', realName: 'Kim', title: 'writes the code', email: 'kim@acme.dev' },
  },
  {
    ...{ id: 'U0EVE', teams: 'e4e00000-0000-4000-8000-000000000003' },
    ...{ name: 'eve', realName: 'Eve', title: 'engineer', email: 'eve@acme.dev' },
  },
] as const;

/** Who may merge at the Git host. Kim is the first, because Kim writes the code. */
export const MEMBERS = [...PEOPLE]
  .sort((a, b) => Number(b.name === 'kim') - Number(a.name === 'kim'))
  .map(({ name, realName, email }) => ({ login: name, name: realName, email }));

/** The Teams channel that m0 posts to. */
export const TEAMS_OPS = '19:ops@thread.tacv2';
const SRE: Team = { id: '19:sre@thread.tacv2', name: 'SRE', channels: [{ id: TEAMS_OPS, name: 'Ops' }] };

/** The organisation of the local Teams. */
export const TEAMS = {
  appId: '3a0d0000-0000-4000-8000-00000000000a',
  appPassword: 'sandbox-app-password',
  tenantId: 'acce0000-0000-4000-8000-00000000000b',
  accessToken: 'sandbox-connector-token',
  botName: 'm0',
  teams: [SRE],
  people: PEOPLE.map(({ teams, realName }) => ({ aadObjectId: teams, name: realName })),
} as const;

/**
 * Options of the local Slack workspace. Dana is on call and may approve, Kim writes the code, Eve is an
 * engineer who may not approve.
 */
export function workspaceOptions(port: number): {
  port: number;
  users: { id: string; name: string; realName: string; title: string; email: string }[];
  channels: { id: string; name: string; members: string[] }[];
  usergroups: { id: string; handle: string; name: string; users: string[] }[];
  botUserId: string;
  teamId: string;
  signingSecret: string;
  botToken: string;
  appToken: string;
} {
  return {
    port,
    users: PEOPLE.map(({ teams: _, ...user }) => user),
    channels: [{ id: 'C0OPS', name: 'ops', members: ['U0M0', ...PEOPLE.map((p) => p.id)] }],
    usergroups: [{ id: 'S0SRE', handle: 'sre', name: 'SRE', users: ['U0DANA', 'U0KIM'] }],
    botUserId: 'U0M0',
    teamId: 'T0ACME',
    ...SECRETS,
  };
}

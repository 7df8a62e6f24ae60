/** Who sits in the sandbox's workspace. */

/** Worth nothing: they open only the workspace on this machine, which makes them up. */
export const SECRETS = {
  botToken: 'xoxb-sandbox-bot',
  appToken: 'xapp-sandbox-app',
  signingSecret: 'sandbox-signing-secret',
} as const;

const PEOPLE = [
  { id: 'U0DANA', name: 'dana', realName: 'Dana', title: 'on call, may approve', email: 'dana@acme.dev' },
  { id: 'U0KIM', name: 'kim', realName: 'Kim', title: 'writes the code', email: 'kim@acme.dev' },
  { id: 'U0EVE', name: 'eve', realName: 'Eve', title: 'engineer', email: 'eve@acme.dev' },
];

/** Dana is on call and may approve, Kim writes the code, Eve is an engineer who may not. */
export function seats(port: number): {
  port: number;
  users: typeof PEOPLE;
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
    users: PEOPLE,
    channels: [{ id: 'C0OPS', name: 'ops', members: ['U0M0', ...PEOPLE.map((p) => p.id)] }],
    usergroups: [{ id: 'S0SRE', handle: 'sre', name: 'SRE', users: ['U0DANA', 'U0KIM'] }],
    botUserId: 'U0M0',
    teamId: 'T0ACME',
    ...SECRETS,
  };
}

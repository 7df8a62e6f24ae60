/**
 * `npm run playground [-- PERSON]`: Microsoft's local client for Teams, connected to the m0 on this machine,
 * as one of the sandbox's people (default: Dana). Its telemetry is off and it opens no browser.
 */
import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { stringify } from 'yaml';
import { PEOPLE, TEAMS, TEAMS_OPS } from './sample-organisation.ts';

const require = createRequire(import.meta.url);

function stop(problem: string): never {
  process.stderr.write(`m0: playground: ${problem}\n`);
  process.exit(2);
}

function clientScript(): string {
  try {
    return join(dirname(require.resolve('@microsoft/m365agentsplayground/package.json')), 'cli.js');
  } catch {
    return stop("Microsoft's client is not installed: run npm install");
  }
}

/** The client requires exactly five other people; these are in the organisation but not in m0.yaml. */
const OTHERS = ['Ada', 'Ben', 'Cleo'].map((realName, i) => ({
  ...{ realName, name: realName.toLowerCase(), email: `${realName.toLowerCase()}@acme.dev` },
  teams: `0ff00000-0000-4000-8000-00000000000${i}`,
}));

type Colleague = Pick<(typeof OTHERS)[number], 'name' | 'realName' | 'email' | 'teams'>;

/** The sandbox's people and channel in the client's format. */
function clientConfig(as: string): object {
  const user = ({ name, realName, email, teams }: Colleague): object => ({
    id: `29:${name}`,
    name: realName,
    userPrincipleName: email,
    aadObjectId: teams,
    givenName: realName,
    surname: '',
    email,
  });
  const me = PEOPLE.find((person) => person.name === as);
  if (me === undefined) {
    return stop(`${as} is nobody of the sandbox: say ${PEOPLE.map((p) => p.name).join(', ')}`);
  }
  const [team] = TEAMS.teams;
  return {
    version: '0.1.1',
    tenantId: TEAMS.tenantId,
    bot: { id: TEAMS.appId, name: TEAMS.botName },
    currentUser: user(me),
    users: [...PEOPLE.filter((person) => person !== me), ...OTHERS].map(user),
    personalChat: { id: `a:${me.name}` },
    groupChat: { id: '19:chat@thread.v2', name: 'A group chat' },
    team: {
      id: team.id,
      name: team.name,
      aadGroupId: '00000000-0000-0000-0000-000000000031',
      channels: [{ id: TEAMS_OPS, name: 'Ops' }],
    },
  };
}

const { M0_PLAYGROUND_PORT: port = '56150', PORT: m0Port = '3978', M0_DATA_DIR: data = '.m0' } = process.env;
const m0 = `http://127.0.0.1:${m0Port}/api/messages`;
const config = join(data, 'playground.yml');
const me = process.argv[2] ?? 'dana';
mkdirSync(data, { recursive: true });
writeFileSync(config, stringify(clientConfig(me)));
process.stdout.write(
  `Microsoft's client: http://127.0.0.1:${port} talks to ${m0} as ${me}\nIt listens on all interfaces without a login: only on a machine or network of your own.\n`,
);
const client = spawn(
  process.execPath,
  [clientScript(), '-p', port, '-e', m0, '-c', 'msteams', '--disable-telemetry'],
  {
    stdio: 'inherit',
    env: {
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      TEAMSAPPTESTER_BROWSER: 'none',
      M365_AGENTS_PLAYGROUND_CONFIG_PATH: config,
      M365_AGENTS_PLAYGROUND_LOGFILE: join(data, 'playground.log'),
    },
  },
);
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => client.kill(signal));
client.on('exit', (code) => process.exit(code ?? 0));

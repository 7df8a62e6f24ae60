/**
 * `npm run playground`: Microsoft's own local client for Teams, connected to the m0 of this machine, which must run
 * with M0_TEAMS_INSECURE_LOOPBACK=1 and `chat: { teams: {} }`. Its telemetry is off and no browser opens.
 */
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const require = createRequire(import.meta.url);
const port = process.env.M0_PLAYGROUND_PORT ?? '56150';
const m0 = `http://127.0.0.1:${process.env.PORT ?? '3978'}/api/messages`;

function clientScript() {
  try {
    return join(dirname(require.resolve('@microsoft/m365agentsplayground/package.json')), 'cli.js');
  } catch {
    process.stderr.write("m0: playground: Microsoft's client is not installed: run npm install\n");
    process.exit(2);
  }
}

process.stdout.write(
  `Microsoft's client: http://127.0.0.1:${port} talks to ${m0}\nIt listens on all interfaces without a login: only on a machine or network of your own.\n`,
);
const client = spawn(
  process.execPath,
  [clientScript(), '-p', port, '-e', m0, '-c', 'msteams', '--disable-telemetry'],
  {
    stdio: 'inherit',
    env: { PATH: process.env.PATH, HOME: process.env.HOME, TEAMSAPPTESTER_BROWSER: 'none' },
  },
);
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => client.kill(signal));
client.on('exit', (code) => process.exit(code ?? 0));

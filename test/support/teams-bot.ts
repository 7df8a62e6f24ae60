/** m0's Teams adapter, listening over HTTP and connected to the local Bot Connector. */

import { createLogger } from '../../src/base/log.ts';
import type { GreetingOf } from '../../src/chat/teams/greetings.ts';
import { createTeams, type Teams, type TeamsOptions } from '../../src/chat/teams/teams.ts';
import { startHttp } from '../../src/http/server.ts';
import type { CommandHandler } from '../../src/ports/chat.ts';
import { openStore } from '../../src/store/open.ts';
import { directory } from './directory.ts';
import { APP_ID, CONNECTOR_TOKEN, TENANT, type TeamsConnector } from './teams-connector.ts';

export const DANA = '00000000-0000-4000-8000-00000000da4a';
export const KIM = '00000000-0000-4000-8000-0000000000c1';
export const GUEST = '00000000-0000-4000-8000-00000000e57e';

export type Memory = TeamsOptions['store'];

/** A new store in memory. */
export function memory() {
  return openStore({ url: 'file::memory:', log: createLogger('silent') });
}

export function teamsOptions(
  connector: Pick<TeamsConnector, 'openIdMetadata'>,
  store: Memory,
  logged: string[],
  change: Partial<TeamsOptions> = {},
): TeamsOptions {
  const ids: Readonly<Record<string, string>> = { dana: DANA, kim: KIM };
  return {
    appId: APP_ID,
    appPassword: 'app-password',
    tenantId: TENANT,
    insecureLoopback: false,
    connector: { openIdMetadata: connector.openIdMetadata, accessToken: CONNECTOR_TOKEN },
    people: directory().people.map((p) => ({ ...p, teams: ids[p.key] ?? null })),
    channels: [],
    store,
    log: createLogger('debug', { write: (line) => void logged.push(line) }),
    clock: Date.now,
    random: () => 0,
    ...change,
  };
}

export interface Bot {
  readonly teams: Teams;
  readonly url: string;
  close(): Promise<void>;
}

export async function startBot(
  options: TeamsOptions,
  handler: CommandHandler,
  greetingOf?: GreetingOf,
): Promise<Bot> {
  const teams = createTeams(options);
  await teams.start(handler, greetingOf);
  const http = await startHttp({
    host: '127.0.0.1',
    port: 0,
    ready: async () => ({ ok: true, problems: [] }),
    metrics: async () => '',
    log: options.log,
    routes: [teams.route],
  });
  return {
    teams,
    url: http.url,
    async close() {
      await http.close();
      await teams.stop();
    },
  };
}

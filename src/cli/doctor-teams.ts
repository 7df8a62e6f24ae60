/** The rows of `m0 doctor` about Microsoft Teams. */
import type { Environment } from '../config/environment.ts';
import type { Config } from '../config/valid.ts';
import type { Row } from '../setup/inspect.ts';
import { configOrNull } from './doctor-config.ts';

/** The chats that m0.yaml enables; null if m0.yaml can't be read, which the row about the configuration reports. */
export async function chatsOf(env: Environment): Promise<Config['chat'] | null> {
  return (await configOrNull(env))?.config.chat ?? null;
}

/**
 * Whether the settings of the Teams app are complete. Whether Microsoft accepts them is only known when Teams calls
 * m0.
 */
export function teamsRow({ teams }: Environment): Row {
  const what = 'Teams app';
  const { appId, appPassword, tenantId, insecureLoopback } = teams;
  if (appId === null && insecureLoopback) {
    const found = 'no app id: anybody on this machine can act as anybody';
    return {
      what,
      state: 'warning',
      found,
      todo: 'unset M0_TEAMS_INSECURE_LOOPBACK and set MICROSOFT_APP_ID',
    };
  }
  if (appId === null || appPassword === null) {
    const missing = [
      ...(appId === null ? ['MICROSOFT_APP_ID'] : []),
      ...(appPassword === null ? ['MICROSOFT_APP_PASSWORD'] : []),
    ];
    const todo = `set ${missing.join(' and ')}: docs/how-to/teams.md says where they are`;
    return { what, state: 'missing', found: `${missing.join(', ')} not set`, todo };
  }
  if (tenantId === null) {
    const found = 'no MICROSOFT_APP_TENANT_ID: m0 answers only people of m0.yaml';
    return { what, state: 'warning', found, todo: 'set it to the id of your organisation' };
  }
  return { what, state: 'ok', found: 'set' };
}

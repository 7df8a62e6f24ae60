import { App, LogLevel } from '@slack/bolt';
import { WebClient } from '@slack/web-api';
import {
  startWorkspace,
  type Workspace,
  type WorkspaceOptions,
} from '../../../../src/sandbox/workspace/workspace.ts';

export const DANA = 'U0DANA';
export const EVE = 'U0EVE';

/** A workspace with two people, `#ops` and `#quiet` (without the bot), and no rate limit unless asked for. */
export function startTestWorkspace(options: Partial<WorkspaceOptions> = {}): Promise<Workspace> {
  return startWorkspace({
    port: 0,
    users: [
      { id: DANA, name: 'dana', realName: 'Dana', email: 'dana@acme.dev' },
      { id: EVE, name: 'eve', realName: 'Eve', email: 'eve@acme.dev' },
    ],
    channels: [
      { id: 'C0OPS', name: 'ops', members: ['U0M0', DANA, EVE] },
      { id: 'C0QUIET', name: 'quiet', members: [DANA] },
    ],
    usergroups: [{ id: 'S0SRE', handle: 'sre', name: 'SRE', users: [DANA] }],
    botUserId: 'U0M0',
    teamId: 'T0ACME',
    signingSecret: 'test-secret',
    botToken: 'xoxb-test',
    appToken: 'xapp-test',
    rateLimit: null,
    ...options,
  });
}

const QUIET = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  setLevel() {},
  getLevel: () => LogLevel.ERROR,
  setName() {},
};

/** Slack's own client, which neither retries nor waits, so that a test sees each answer. */
export function client(workspace: Workspace, token = 'xoxb-test'): WebClient {
  return new WebClient(token, {
    slackApiUrl: workspace.apiUrl,
    retryConfig: { retries: 0 },
    rejectRateLimitedCalls: true,
    logger: QUIET,
  });
}

/** A real Bolt app in Socket Mode; the caller adds listeners, starts and stops it. */
export function boltApp(workspace: Workspace): App {
  return new App({
    token: 'xoxb-test',
    appToken: 'xapp-test',
    socketMode: true,
    clientOptions: { slackApiUrl: workspace.apiUrl },
    logger: QUIET,
  });
}

/** Slack's error code and messages for a call that must be refused. */
export async function refusal(call: Promise<unknown>): Promise<{ error: string; messages: string[] }> {
  try {
    await call;
  } catch (error) {
    const { data } = error as { data?: { error: string; response_metadata?: { messages?: string[] } } };
    if (!data) throw error;
    return { error: data.error, messages: data.response_metadata?.messages ?? [] };
  }
  throw new Error('the call was accepted');
}

export const section = (text: string) => ({ type: 'section', text: { type: 'mrkdwn', text } });
export const button = (label: string, action_id: string, more: Record<string, unknown> = {}) => ({
  type: 'button',
  text: { type: 'plain_text', text: label },
  action_id,
  ...more,
});
export const actions = (...elements: unknown[]) => ({ type: 'actions', elements });

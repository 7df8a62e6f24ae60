import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { App, LogLevel } from '@slack/bolt';
import { WebClient } from '@slack/web-api';
import { expect } from 'vitest';
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

export type Mode = 'socket' | 'http';

/** A real Bolt app; the caller adds listeners, starts and stops it. */
export function boltApp(workspace: Workspace, mode: Mode = 'socket'): App {
  return new App({
    token: 'xoxb-test',
    ...(mode === 'http' ? { signingSecret: 'test-secret' } : { appToken: 'xapp-test', socketMode: true }),
    clientOptions: { slackApiUrl: workspace.apiUrl },
    logger: QUIET,
  });
}

/** A workspace and a real Bolt app in it; the caller adds listeners, then starts the app. */
export async function workspaceWithApp(
  mode: Mode,
): Promise<{ workspace: Workspace; app: App; start(): Promise<void> }> {
  // Nobody listens on port 1 until the app does elsewhere.
  const to = { eventsUrl: 'http://127.0.0.1:1/slack/events', retryWaits: [0, 0, 0] };
  const workspace = await startTestWorkspace(mode === 'http' ? { deliver: to } : {});
  const app = boltApp(workspace, mode);
  return {
    workspace,
    app,
    async start() {
      const server = await app.start({ port: 0, host: '127.0.0.1' });
      if (mode === 'socket') return;
      const { port } = (server as Server).address() as AddressInfo;
      to.eventsUrl = `http://127.0.0.1:${port}/slack/events`;
      expect(await workspace.verifyRequestUrl()).toBeNull();
    },
  };
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

import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parse } from 'yaml';

/** The scope behind each Web API method and event of the code. `null`: none needed. */
const SCOPES: Readonly<Record<string, readonly string[] | null>> = {
  'auth.test': null,
  'chat.postMessage': ['chat:write'],
  'chat.postEphemeral': ['chat:write'],
  'chat.update': ['chat:write'],
  'conversations.history': ['channels:history', 'groups:history', 'im:history'],
  'conversations.open': ['im:write'],
  'conversations.replies': ['channels:history', 'groups:history', 'im:history'],
  filesUploadV2: ['files:write'],
  'usergroups.users.list': ['usergroups:read'],
  'users.info': ['users:read'],
  'views.open': null,
  'views.publish': null,
  'views.push': null,
  'views.update': null,
};

const manifest = parse(readFileSync('manifests/slack.yaml', 'utf8')) as {
  oauth_config: { scopes: { bot: string[] } };
  settings: { socket_mode_enabled: boolean; event_subscriptions: { bot_events: string[] } };
  features: { slash_commands: { command: string }[] };
};

test('asks for exactly the scopes that the code uses', () => {
  const code = readdirSync('src/chat/slack')
    .map((file) => readFileSync(`src/chat/slack/${file}`, 'utf8'))
    .join('\n');
  const called = [...code.matchAll(/[cC]lient\s*\.((?:[a-zA-Z]+\s*\.)*[a-zA-Z0-9]+)\(/g)]
    .map(([, method]) => (method ?? '').replace(/\s+/g, ''))
    .filter((method) => !['start', 'disconnect', 'once', 'off'].includes(method));
  expect([...new Set(called)].sort()).toEqual(Object.keys(SCOPES).sort());
  const needed = new Set([
    'commands',
    'app_mentions:read',
    ...called.flatMap((method) => SCOPES[method] ?? []),
  ]);
  expect([...manifest.oauth_config.scopes.bot].sort()).toEqual([...needed].sort());
});

test('turns on what m0 listens to', () => {
  expect(manifest.settings.socket_mode_enabled).toBe(true);
  expect(manifest.settings.event_subscriptions.bot_events.sort()).toEqual([
    'app_home_opened',
    'app_mention',
    'message.im',
  ]);
  expect(manifest.features.slash_commands.map((c) => c.command)).toEqual(['/m0']);
});

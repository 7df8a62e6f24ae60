import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { EVENT_SCOPES, scopesOfMethod } from '../../../../src/sandbox/workspace/scopes.ts';
import { MANIFEST, readManifest } from '../../../support/slack-app.ts';

const FOLDER = 'src/chat/slack';
const code = readdirSync(FOLDER)
  .map((file) => readFileSync(`${FOLDER}/${file}`, 'utf8'))
  .join('\n');

/** Web API methods the code calls; what Slack's client makes of one of its own is written out. */
function methodsCalled(): readonly string[] {
  const called = [...code.matchAll(/[cC]lient\s*\.((?:[a-zA-Z]+\s*\.)*[a-zA-Z0-9]+)\(/g)]
    .map(([, method]) => (method ?? '').replace(/\s+/g, ''))
    .filter((method) => !['start', 'disconnect', 'once', 'off'].includes(method));
  const upload = ['files.getUploadURLExternal', 'files.completeUploadExternal'];
  return [...new Set(called.flatMap((method) => (method === 'filesUploadV2' ? upload : [method])))];
}

/** Commands and events the code listens to. */
function heard(): readonly (keyof typeof EVENT_SCOPES)[] {
  const events = [...code.matchAll(/\bapp\.event\('(\w+)'/g)].map(([, event]) => event);
  return [
    ...(/\bapp\.command\(/.test(code) ? (['command'] as const) : []),
    ...(/\bapp\.message\(/.test(code) ? (['message.im'] as const) : []),
    ...events.map((event) => event as keyof typeof EVENT_SCOPES),
  ];
}

describe('the app', () => {
  test('asks for exactly the scopes that the code’s calls and events need', () => {
    expect(methodsCalled().length).toBeGreaterThan(10);
    const needed = new Set([
      ...methodsCalled().flatMap(scopesOfMethod),
      ...heard().flatMap((what) => EVENT_SCOPES[what] ?? []),
    ]);
    expect([...MANIFEST.scopes].sort()).toEqual([...needed].sort());
  });

  test('turns on what m0 listens to, over a connection', () => {
    const { settings, commands } = MANIFEST;
    const events = heard().filter((what) => what !== 'command');
    expect([...settings.event_subscriptions.bot_events].sort()).toEqual(events.toSorted());
    expect(commands.map((c) => c.command)).toEqual(['/m0']);
    expect(settings.socket_mode_enabled).toBe(true);
    expect(settings.interactivity.is_enabled).toBe(true);
  });

  test('says of each scope what needs it', () => {
    const text = readFileSync('manifests/slack.yaml', 'utf8');
    const lines = text.slice(0, text.indexOf('\nsettings:')).split('\n');
    const explained = lines.filter(
      (line, i) => /^ {6}- \S+:?\S*$/.test(line) && /^ {6}(#|- )/.test(lines[i - 1] ?? ''),
    );
    expect(explained.map((line) => line.trim().slice(2))).toEqual(MANIFEST.scopes);
  });

  test('for HTTP mode is the same but for its request URLs', () => {
    const text = readFileSync('manifests/slack-http.yaml', 'utf8');
    const { settings, commands } = readManifest(text);
    const urls = [
      settings.event_subscriptions.request_url,
      settings.interactivity.request_url,
      commands[0]?.url,
    ];
    expect(urls).toEqual(Array(3).fill('https://m0.example.com/slack/events'));
    const same = text
      .replaceAll(/^ *(request_)?url: .*\n/gm, '')
      .replace('socket_mode_enabled: false', 'socket_mode_enabled: true');
    expect(parse(same)).toEqual(parse(readFileSync('manifests/slack.yaml', 'utf8')));
  });
});

/** Pictures and files in Slack, with the real Slack client and the local workspace. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLogger } from '../../src/base/log.ts';
import { createSlack, type Slack } from '../../src/chat/slack/slack.ts';
import type { Card } from '../../src/messages/card.ts';
import { drawPicture } from '../../src/pictures/draw.ts';
import type { CommandHandler, Reply } from '../../src/ports/chat.ts';
import { type Message, startWorkspace, type Workspace } from '../../src/sandbox/workspace/workspace.ts';
import { soon } from '../support/chat-drivers.ts';
import { directory } from '../support/directory.ts';
import { exhibits } from '../support/gallery/gallery.ts';
import { seenEvents } from '../support/seen-events.ts';
import { MANIFEST } from '../support/slack-app.ts';

const OPS = { platform: 'slack', channel: 'C0OPS' } as const;
const person = (id: string, name: string) => ({ id, name, realName: name, email: `${name}@acme.dev` });

/** The digest of the gallery, which has a picture. */
const DIGEST: Card = (() => {
  const found = exhibits.find((one) => one.name === 'digest');
  if (found?.shown.kind !== 'card') throw new Error('no digest');
  return found.shown.card;
})();

let workspace: Workspace;
let slack: Slack;
let logged: string[];
let reply: Reply;

async function open(draw: typeof drawPicture | undefined = drawPicture): Promise<void> {
  slack = await createSlack({
    events: seenEvents(),
    ...{ mode: 'socket', botToken: 'xoxb-1', appToken: 'xapp-1', apiUrl: workspace.apiUrl },
    log: createLogger('debug', { write: (line) => void logged.push(line) }),
    people: directory().people,
    clock: Date.now,
    drawPicture: draw,
    pictureReadyMs: [10, 20, 40],
  });
  const handler: CommandHandler = async () => reply;
  await slack.start(handler);
}

beforeEach(async () => {
  logged = [];
  reply = { type: 'none' };
  workspace = await startWorkspace({
    port: 0,
    users: [person('U0DANA', 'dana'), person('U0KIM', 'kim')],
    channels: [
      { id: 'C0OPS', name: 'ops', members: ['U0DANA', 'U0KIM', 'U0M0'] },
      { id: 'C0AWAY', name: 'away', members: ['U0DANA', 'U0KIM'] },
    ],
    ...{ botUserId: 'U0M0', teamId: 'T0ACME', signingSecret: 's', botToken: 'xoxb-1', appToken: 'xapp-1' },
    commands: ['/m0'],
    scopes: MANIFEST.scopes,
    rateLimit: null,
  });
});
afterEach(async () => {
  await slack.stop();
  await workspace.close();
});

const posted = (): readonly Message[] => workspace.channel('C0OPS').messages;
/** The newest message that only this person sees. */
const whisper = (user: string, channel = 'C0OPS'): Promise<Message> =>
  soon(() =>
    workspace
      .as(user)
      .sees(channel)
      .findLast((m) => m.visibleTo === user),
  );
const SCOPES = MANIFEST.scopes.filter((s) => s !== 'files:write');
const imageOf = (message: Message | undefined) => message?.blocks.find((b) => b.type === 'image');
const warnings = (): readonly string[] => logged.filter((l) => l.includes('without their pictures'));
const methods = (): readonly string[] => workspace.calls.map((c) => c.method);

describe('the picture of a digest', () => {
  it('is uploaded and shown in its message, with its words', async () => {
    await open();
    await slack.post(OPS, DIGEST, 'k');
    const image = imageOf(posted()[0]);
    expect(image?.alt_text).toContain('Open: 4 resources (last week 12). 53 healed by policy, 8 by people');
    const file = workspace.file(String((image?.slack_file as { id?: string } | undefined)?.id));
    expect(
      Buffer.from(file?.bytes ?? [])
        .subarray(1, 4)
        .toString(),
    ).toBe('PNG');
    expect(warnings()).toEqual([]);
    // A repeated delivery uploads nothing again.
    await slack.post(OPS, DIGEST, 'k');
    expect(posted()).toHaveLength(1);
    expect(methods().filter((m) => m === 'files.completeUploadExternal')).toHaveLength(1);
  });

  it('is shown although Slack takes the file in later than it says', async () => {
    await open();
    workspace.delayFiles(2);
    await slack.post(OPS, DIGEST, 'k');
    expect(posted()).toHaveLength(1);
    expect(imageOf(posted()[0])).toBeDefined();
  });

  it.each([
    ['never takes the file in', () => workspace.delayFiles(99)],
    ['did not give the app the scope', () => workspace.reinstall(SCOPES)],
  ])(
    'is left out where Slack %s: the words go out, and the log says so once',
    async (_, cause) => {
      await open();
      cause();
      await slack.post(OPS, DIGEST, 'k1');
      await slack.post(OPS, DIGEST, 'k2');
      expect(posted()).toHaveLength(2);
      for (const message of posted()) {
        expect(imageOf(message)).toBeUndefined();
        expect(JSON.stringify(message.blocks)).toContain('Open: 4 resources (last week 12)');
      }
      expect(warnings()).toHaveLength(1);
      expect(slack.healthy()).toEqual({ ok: true, problem: null });
    },
    30_000,
  );

  it('is left out where it cannot be drawn', async () => {
    await open(async () => {
      throw new Error('no fonts');
    });
    await slack.post(OPS, DIGEST, 'k');
    expect(imageOf(posted()[0])).toBeUndefined();
    expect(warnings().join()).toContain('no fonts');
  });

  it.each([
    ['in a channel', 'C0OPS', true],
    ['in a channel that m0 is not in', 'C0AWAY', false],
  ])('answers a typed command privately, %s', async (_, channel, shown) => {
    await open();
    reply = { type: 'private', card: DIGEST };
    await workspace.as('U0DANA').slash('/m0', 'digest', channel);
    const answer = await whisper('U0DANA', channel);
    expect(imageOf(answer) !== undefined).toBe(shown);
    expect(JSON.stringify(answer.blocks)).toContain('Open: 4 resources');
  });
});

describe('files', () => {
  const FILES: Extract<Reply, { type: 'files' }> = {
    type: 'files',
    card: { headline: 'Report of prod', tone: 'plain', blocks: [] },
    files: [
      { name: 'm0-report-prod-2026-03.md', about: 'to read', text: '# Drift' },
      { name: 'm0-report-prod-2026-03-drift.csv', about: 'a table', text: '"a"\r\n' },
    ],
    command: 'report prod 2026-03',
  };

  it('come to the person who asked, in their direct messages, and nobody else sees them', async () => {
    await open();
    reply = FILES;
    await workspace.as('U0KIM').slash('/m0', 'report prod', 'C0OPS');
    const answer = await whisper('U0KIM');
    expect(JSON.stringify(answer.blocks)).toContain('The files are in your direct messages with m0.');
    const sent = workspace.dm('U0KIM').messages.flatMap((m) => m.files);
    expect(sent.map((id) => workspace.file(id)?.name)).toEqual(FILES.files.map((f) => f.name));
    expect(sent.map((id) => Buffer.from(workspace.file(id)?.bytes ?? []).toString())).toEqual(
      FILES.files.map((f) => f.text),
    );
    expect(posted()).toEqual([]);
    expect(workspace.dm('U0DANA').messages).toEqual([]);
  });

  it('that Slack refuses are told of', async () => {
    await open();
    reply = FILES;
    workspace.reinstall(SCOPES);
    await workspace.as('U0KIM').slash('/m0', 'report prod', 'C0OPS');
    const answer = await whisper('U0KIM');
    expect(JSON.stringify(answer.blocks)).toMatch(
      /The files could not be sent: .*lacks a scope.*files:write/,
    );
    expect(slack.healthy().ok).toBe(true);
  });
});

/** Sends every message of m0 through the real adapter to the local workspace, which refuses what Slack refuses. */
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createLogger } from '../../src/base/log.ts';
import { createSlack, type Slack } from '../../src/chat/slack/slack.ts';
import type { Card } from '../../src/messages/card.ts';
import { fullDiff } from '../../src/messages/full-diff.ts';
import type { Reply } from '../../src/ports/chat.ts';
import type { View, Workspace } from '../../src/sandbox/workspace/workspace.ts';
import { anyCard, OWN_LINKS } from '../support/any-message.ts';
import { directory } from '../support/directory.ts';
import { thousandFindings } from '../support/gallery/dialogs.ts';
import { exhibits } from '../support/gallery/gallery.ts';
import { seenEvents } from '../support/seen-events.ts';
import { DANA, startTestWorkspace } from '../unit/sandbox/workspace/support.ts';

const OPS = { platform: 'slack', channel: 'C0OPS' } as const;
const SOON = 15_000;

let workspace: Workspace;
let slack: Slack;
let answer: () => Reply = () => ({ type: 'none' });

beforeAll(async () => {
  workspace = await startTestWorkspace();
  slack = await createSlack({
    events: seenEvents(),
    mode: 'socket',
    botToken: 'xoxb-test',
    appToken: 'xapp-test',
    apiUrl: workspace.apiUrl,
    log: createLogger('silent'),
    people: directory().people,
    clock: Date.now,
  });
  await slack.start(async () => answer());
});

afterAll(async () => {
  await slack.stop();
  await workspace.close();
});

beforeEach(async () => {
  for (const view of [...workspace.as(DANA).views]) await workspace.as(DANA).closeView(view.id);
});

/** The links that m0 did not make. */
const foreign = (links: readonly string[] = []): readonly string[] =>
  links.filter((link) => !OWN_LINKS.some((own) => link.startsWith(own)));

const shown = (text: string): Promise<View> =>
  workspace.waitFor(() => {
    const view = workspace.as(DANA).views.at(-1);
    return view && JSON.stringify(view.blocks).includes(text) ? view : null;
  }, SOON);

describe('every card of the gallery', () => {
  const cards = exhibits.flatMap((one) =>
    one.shown.kind === 'card' ? [[one.name, one.shown.card] as const] : [],
  );

  test.each(cards)('%s is posted and mentions nobody', async (name, card) => {
    const { messageId } = await slack.post(OPS, card, name);
    const message = workspace.channel('ops').messages.find((m) => m.ts === messageId);
    expect(message?.mentions).toEqual([]);
    expect(foreign(message?.links)).toEqual([]);
  });

  test('any card can replace another one', async () => {
    const { channel, messageId } = await slack.post(OPS, cards[0]?.[1] as Card, 'any');
    await fc.assert(
      fc.asyncProperty(fc.oneof(...Object.values(anyCard)), async (card) => {
        await slack.update(channel, messageId, card);
        const message = workspace.channel('ops').messages.find((m) => m.ts === messageId);
        expect([message?.mentions, foreign(message?.links)]).toEqual([[], []]);
      }),
      { numRuns: 100 },
    );
  });
});

describe('a form', () => {
  const forms = exhibits.flatMap((one) =>
    one.shown.kind === 'form' ? [[one.name, one.shown.form] as const] : [],
  );

  test.each(forms)('%s opens', async (_name, form) => {
    answer = () => ({ type: 'form', form });
    await workspace.as(DANA).slash('/m0', form.command, 'ops');
    const [first] = form.intro;
    const view = await shown(first?.type === 'strong' ? first.text.trim() : 'run #42');
    expect(view.submit).toBe(form.submit);
  });
});

describe('the full diff of a thousand resources', () => {
  const pages = fullDiff(thousandFindings());
  const last = pages.pages.length;
  const press = (view: View, label: string) => workspace.as(DANA).click(view, label);

  async function opened(): Promise<View> {
    answer = () => ({ type: 'pages', pages });
    await workspace.as(DANA).slash('/m0', 'show #42', 'ops');
    return shown(`Page 1 of ${last}`);
  }

  test('has each resource on exactly one page', () => {
    const addresses = pages.pages.flatMap((page) =>
      page.blocks.flatMap((b) => (b.type === 'finding' ? [b.address] : [])),
    );
    expect(new Set(addresses).size).toBe(1000);
    expect(addresses).toHaveLength(1000);
  });

  test('can be turned forward, back and to both ends', async () => {
    await press(await opened(), 'Next');
    const second = await shown(`Page 2 of ${last}`);
    expect(JSON.stringify(second.blocks)).toContain('web[8]');
    await press(second, 'Last');
    const end = await shown(`Page ${last} of ${last}`);
    expect(JSON.stringify(end.blocks)).toContain('web[999]');
    await expect(press(end, 'Next')).rejects.toThrow();
    await press(end, 'Previous');
    await press(await shown(`Page ${last - 1} of ${last}`), 'First');
    await shown(`Page 1 of ${last}`);
    expect(workspace.as(DANA).views).toHaveLength(1);
  });

  test('can be downloaded as one file', async () => {
    const before = workspace.dm(DANA).messages.length;
    await press(await opened(), 'Get as file');
    await shown('sent to you as a file');
    const file = workspace.file(workspace.dm(DANA).messages.slice(before)[0]?.files[0] ?? '');
    const text = file?.bytes.toString() ?? '';
    expect(text).toBe(pages.text);
    expect(text.match(/^~ module\.fleet/gm)).toHaveLength(1000);
  });
});

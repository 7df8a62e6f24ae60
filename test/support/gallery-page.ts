/** The sandbox page with the sample cards of the gallery in its Slack and its Teams. */
import { WebClient } from '@slack/web-api';
import { renderCard as slackCard } from '../../src/chat/slack/render.ts';
import { formView, pagesView } from '../../src/chat/slack/views.ts';
import { renderForm, renderPage, renderCard as teamsCard } from '../../src/chat/teams/render.ts';
import { createTeamsPane } from '../../src/sandbox/page/teams-pane.ts';
import { type Page, startPage, TEAMS_PATH } from '../../src/sandbox/page-server.ts';
import { LocalTeams } from '../../src/sandbox/teams/teams.ts';
import type { Exhibit } from './gallery/exhibit.ts';
import { opsWorkspace, PAGE_PEOPLE, TOKENS } from './slack-workspace.ts';
import { DANA, GUEST } from './teams-bot.ts';
import { APP_ID, CONNECTOR_TOKEN, TENANT } from './teams-connector.ts';

const OPS = '19:ops@thread.tacv2';
const slackId = (person: string): string | null => (person === 'dana' ? 'U0DANA' : null);

function slackBlocks({ shown }: Exhibit) {
  const memory = { command: 'show #42', channel: 'C0OPS', thread: null, card: null };
  if (shown.kind === 'card') return slackCard(shown.card, slackId);
  if (shown.kind === 'pages')
    return { text: shown.pages.title, blocks: pagesView(shown.pages, shown.page, memory, slackId).blocks };
  return { text: shown.form.title, blocks: formView(shown.form, memory, slackId).blocks };
}

function teamsBody({ shown }: Exhibit) {
  if (shown.kind === 'card') return teamsCard(shown.card, () => null);
  if (shown.kind === 'form') return renderForm(shown.form);
  const { pages, page: index } = shown;
  const page = pages.pages[index];
  if (page === undefined) throw new Error(`there is no page ${index}`);
  const at = { index, total: pages.pages.length, command: 'show #42', file: pages.text !== '' };
  return renderPage(page, at, () => null);
}

export interface GalleryPage {
  readonly page: Page;
  /** Posts one more line in Slack, as m0. */
  say(text: string): Promise<void>;
  close(): Promise<void>;
}

/** Starts it. Slack and Teams get the same exhibits, in this order. */
export async function startGalleryPage(exhibits: readonly Exhibit[]): Promise<GalleryPage> {
  const workspace = await opsWorkspace(PAGE_PEOPLE);
  const local = new LocalTeams({
    url: `${workspace.url}${TEAMS_PATH}`,
    ...{ appId: APP_ID, tenantId: TENANT, botName: 'm0', accessToken: CONNECTOR_TOKEN },
    teams: [{ id: '19:sre@thread.tacv2', name: 'SRE', channels: [{ id: OPS, name: 'Ops' }] }],
    people: [
      { aadObjectId: DANA, name: 'Dana' },
      { aadObjectId: GUEST, name: 'Eve' },
    ],
  });
  const idOf: Readonly<Record<string, string>> = { U0DANA: DANA, U0EVE: GUEST };
  const facts = [
    { label: 'logs tags', value: 'none', asBuilt: false },
    { label: 'web ingress', value: '443/tcp', asBuilt: true },
  ];
  const page = await startPage({
    workspace,
    teams: await createTeamsPane(local, (user) => idOf[user]),
    console: {
      actions: [{ id: 'tags', label: 'Remove the bucket’s tags', explain: 'as a hurried person would' }],
      run: async () => 'Removed the tags of logs',
      facts: async () => facts,
    },
    gitHost: workspace.url,
    status: () => ({ phase: 'ready', text: 'm0 checks prod every minute', ready: true }),
    onStatus: () => () => {},
  });
  const web = new WebClient(TOKENS.botToken, { slackApiUrl: workspace.apiUrl });
  for (const one of exhibits) {
    const { text, blocks } = slackBlocks(one);
    // A message takes no fields of a form: a dialog does.
    const posted = blocks.filter((block) => block.type !== 'input');
    await web.chat.postMessage({ channel: 'C0OPS', text, blocks: posted });
    const { organisation } = local;
    organisation.add({
      ...{ id: organisation.nextId(), from: organisation.botId, conversation: OPS, thread: null },
      ...{ visibleTo: null, card: { ...teamsBody(one) }, summary: one.says },
    });
  }
  return {
    page,
    say: async (text) => void (await web.chat.postMessage({ channel: 'C0OPS', text })),
    async close() {
      await page.close();
      await workspace.close();
    },
  };
}

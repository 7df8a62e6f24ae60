/** The sandbox page with m0's Teams adapter connected to it. */
import type { Card } from '../../src/messages/card.ts';
import type { CommandHandler } from '../../src/ports/chat.ts';
import { createTeamsPane } from '../../src/sandbox/page/teams-pane.ts';
import { type Page, startPage, TEAMS_PATH } from '../../src/sandbox/page-server.ts';
import { LocalTeams } from '../../src/sandbox/teams/teams.ts';
import type { Workspace } from '../../src/sandbox/workspace/workspace.ts';
import { opsWorkspace, PAGE_PEOPLE } from './slack-workspace.ts';
import { type Bot, DANA, GUEST, memory, startBot, teamsOptions } from './teams-bot.ts';
import { APP_ID, CONNECTOR_TOKEN, TENANT } from './teams-connector.ts';

export const OPS = '19:ops@thread.tacv2';
const SRE = '19:sre@thread.tacv2';
/** A text that tries everything on a page. */
export const EVERYTHING = '<img src=x onerror=alert(1)> **bold** [link](javascript:alert(1))';

const line = (text: string) => ({ type: 'line' as const, spans: [{ type: 'text' as const, text }] });
/** A card of drift that Dana may revert or snooze; `seen`: how often it was seen. */
export const drifted = (seen: number): Card => ({
  headline: 'prod-network drifted',
  tone: 'drift',
  blocks: [
    line(`seen ${seen} times`),
    line(EVERYTHING),
    { type: 'line', spans: [{ type: 'person', person: 'dana', name: 'Dana', mention: true }] },
    {
      type: 'buttons',
      buttons: [
        {
          label: 'Revert in the cloud',
          style: 'primary',
          command: 'approve #42',
          confirm: { title: 'Revert?', body: 'Sets tags.Owner', confirm: 'Yes, revert' },
        },
        {
          label: 'Snooze…',
          command: 'snooze #42',
          form: {
            title: 'Snooze',
            submit: 'Snooze it',
            intro: [],
            command: 'snooze #42',
            fields: [
              {
                kind: 'choice',
                name: 'for',
                label: 'For how long',
                options: [
                  { label: '4 hours', value: '4h' },
                  { label: '3 days', value: '3d' },
                ],
                initial: '4h',
              },
              { kind: 'text', name: 'reason', label: 'Why', required: true, maxLength: 300 },
            ],
          },
        },
      ],
    },
  ],
});

export const realigned: Card = {
  headline: 'prod-network realigned',
  tone: 'good',
  blocks: [{ type: 'outcome', spans: [{ type: 'text', text: 'Approved by Dana' }] }],
};

export interface TeamsPage {
  readonly workspace: Workspace;
  readonly local: LocalTeams;
  readonly bot: Bot;
  readonly page: Page;
  close(): Promise<void>;
}

/** Starts it, with a bot that answers with `handler`, in a team with Dana and Eve. Nothing is in its Slack. */
export async function startTeamsPage(handler: CommandHandler): Promise<TeamsPage> {
  const workspace = await opsWorkspace(PAGE_PEOPLE);
  const local = new LocalTeams({
    url: `${workspace.url}${TEAMS_PATH}`,
    appId: APP_ID,
    tenantId: TENANT,
    botName: 'm0',
    accessToken: CONNECTOR_TOKEN,
    teams: [{ id: SRE, name: 'SRE', channels: [{ id: OPS, name: 'Ops' }] }],
    people: [
      { aadObjectId: DANA, name: 'Dana' },
      { aadObjectId: GUEST, name: 'Eve' },
    ],
  });
  const idOf: Readonly<Record<string, string>> = { U0DANA: DANA, U0EVE: GUEST };
  const page = await startPage({
    workspace,
    teams: await createTeamsPane(local, (user) => idOf[user]),
    console: { actions: [], run: async () => '', facts: async () => [] },
    status: () => ({ phase: 'ready', text: 'm0 checks prod every minute', ready: true }),
    onStatus: () => () => {},
  });
  const store = await memory();
  const bot = await startBot(teamsOptions(local, store, []), handler);
  local.bot.connect(bot.url);
  await local.addToTeam(SRE);
  return {
    ...{ workspace, local, bot, page },
    async close() {
      local.bot.connect(null);
      await bot.close();
      await store.close();
      await page.close();
      await workspace.close();
    },
  };
}

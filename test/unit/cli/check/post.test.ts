import { afterEach, beforeEach, expect, it } from 'vitest';
import { postOnce } from '../../../../src/cli/check/post.ts';
import { readEnvironment } from '../../../../src/config/environment.ts';
import type { Workspace } from '../../../../src/sandbox/workspace/workspace.ts';
import { driftMixed } from '../../../support/sample-cards.ts';
import { opsWorkspace, TOKENS, user } from '../../../support/slack-workspace.ts';
import { memory } from '../../../support/teams-bot.ts';
import {
  APP_ID,
  elements,
  startConnector,
  type TeamsConnector,
  textOfCard,
} from '../../../support/teams-connector.ts';

const OPS = '19:ops@thread.tacv2';

let workspace: Workspace;
let connector: TeamsConnector;
let store: Awaited<ReturnType<typeof memory>>;
beforeEach(async () => {
  workspace = await opsWorkspace([user('U0DANA', 'dana')]);
  connector = await startConnector({ teams: { team: [OPS] }, people: [], open: true });
  store = await memory();
});
afterEach(async () => {
  await store.close();
  await connector.close();
  await workspace.close();
});

const environment = (more: Readonly<Record<string, string>> = {}) =>
  readEnvironment({ SLACK_API_URL: workspace.apiUrl, ...more });

it('shows the card once in Slack, without buttons, and mentions nobody', async () => {
  await postOnce({ platform: 'slack', channel: 'C0OPS' }, [driftMixed], {
    ...{ environment: environment({ SLACK_BOT_TOKEN: TOKENS.botToken }), memory: store },
  });
  const { messages } = workspace.channel('C0OPS');
  expect(messages).toHaveLength(1);
  const text = JSON.stringify(messages[0]);
  expect(text).toContain('A try with m0 check.');
  expect(text).not.toMatch(/"type":"actions"|"type":"button"|<@U|"type":"user"/);
});

it('shows it in Teams where m0 has been, and says what to do elsewhere', async () => {
  const place = { platform: 'teams', channel: OPS } as const;
  const parts = { environment: environment({ M0_TEAMS_INSECURE_LOOPBACK: '1' }), memory: store };
  await expect(postOnce(place, [driftMixed], parts)).rejects.toThrow('m0 is not there yet: add its app');
  // Nobody listens for the bot: only the team itself must know it.
  await connector.addToTeam('team').catch(() => {});
  await store.setTeamsConversation({
    ...{
      id: OPS,
      kind: 'channel',
      serviceUrl: connector.serviceUrl,
      botId: `28:${APP_ID}`,
      tenantId: null,
      gone: false,
    },
  });
  await postOnce(place, [driftMixed], parts);
  const [message, ...more] = connector.in(OPS);
  expect(more).toEqual([]);
  expect(textOfCard(message?.card)).toContain('A try with m0 check.');
  expect(elements(message?.card, 'Action.Execute')).toEqual([]);
});

it('without a token it names the variable', async () => {
  const parts = { environment: environment(), memory: store };
  await expect(postOnce({ platform: 'slack', channel: 'C0OPS' }, [driftMixed], parts)).rejects.toThrow(
    'SLACK_BOT_TOKEN is not set',
  );
  await expect(postOnce({ platform: 'teams', channel: OPS }, [driftMixed], parts)).rejects.toThrow(
    'MICROSOFT_APP_ID is not set',
  );
});

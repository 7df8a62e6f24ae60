import { expect, test } from 'vitest';
import { createLogger } from '../../../../src/base/log.ts';
import { clientOptions, SlackApi } from '../../../../src/chat/slack/api.ts';
import { MessageLinks } from '../../../../src/chat/slack/links.ts';
import { slackProxy } from '../../../support/slack-proxy.ts';

const log = createLogger('silent');
const IDENTITY = { ok: true, bot_id: 'B1', user_id: 'U1', team_id: 'T1', url: 'https://acme.slack.com/' };

/** Links from a Slack that gives these answers, and the calls that it got. */
async function linksOf(answers: Readonly<Record<string, Record<string, unknown>>>) {
  const proxy = await slackProxy('http://127.0.0.1:9', (method) => ({
    answer: answers[method] ?? { ok: false, error: 'internal_error' },
  }));
  const api = new SlackApi('xoxb-1', clientOptions(log, [], proxy.apiUrl), Date.now);
  return { api, links: new MessageLinks(api, log), proxy };
}

test('Slack is asked once for each message', async () => {
  const permalink = 'https://acme.slack.com/archives/C0OPS/p1700000000000100';
  const { links, proxy } = await linksOf({ 'chat.getPermalink': { ok: true, permalink } });
  expect(await links.linkTo('C0OPS', '1700000000.000100')).toBe(permalink);
  expect(await links.linkTo('C0OPS', '1700000000.000100')).toBe(permalink);
  expect(proxy.calls).toEqual(['chat.getPermalink']);
  await proxy.close();
});

test('a link that Slack does not give is made from the address of the workspace, without a call', async () => {
  const { api, links, proxy } = await linksOf({ 'auth.test': IDENTITY });
  expect(await links.linkTo('C0OPS', '1700000000.000100')).toBeNull();
  await api.identity();
  expect(await links.linkTo('C0OPS', '1700000000.000100')).toBe(
    'https://acme.slack.com/archives/C0OPS/p1700000000000100',
  );
  await proxy.close();
});

test('a rate limit is not waited for', async () => {
  const { api, links, proxy } = await linksOf({
    'auth.test': IDENTITY,
    'chat.getPermalink': { ok: false, error: 'ratelimited' },
  });
  await api.identity();
  expect(await links.linkTo('C0OPS', '1.2')).toBe('https://acme.slack.com/archives/C0OPS/p12');
  await proxy.close();
});

test('there is no link to a message that was deleted', async () => {
  const { api, links, proxy } = await linksOf({
    'auth.test': IDENTITY,
    'chat.getPermalink': { ok: false, error: 'message_not_found' },
  });
  await api.identity();
  expect(await links.linkTo('C0OPS', '1.2')).toBeNull();
  await proxy.close();
});

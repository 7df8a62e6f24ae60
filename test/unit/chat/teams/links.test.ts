import { expect, test } from 'vitest';
import { deepLink } from '../../../../src/chat/teams/links.ts';

const OPS = '19:ops@thread.tacv2';

test('a message of a channel is opened by its channel, its id and the tenant', () => {
  const link = deepLink(OPS, '1784110200000', { kind: 'channel', tenantId: 'acme' });
  expect(link).toBe(
    'https://teams.microsoft.com/l/message/19%3Aops%40thread.tacv2/1784110200000?tenantId=acme&parentMessageId=1784110200000',
  );
});

test('a message of a group chat is opened in the chat', () => {
  const link = new URL(deepLink('19:group@thread.v2', '17', { kind: 'groupChat', tenantId: null }) ?? '');
  expect(JSON.parse(link.searchParams.get('context') ?? '')).toEqual({ contextType: 'chat' });
  expect(link.searchParams.has('tenantId')).toBe(false);
});

test('there is no link into the chat of one person', () => {
  expect(deepLink('a:1', '17', { kind: 'personal', tenantId: 'acme' })).toBeNull();
});

test('an id can not change the address', () => {
  const link = new URL(deepLink('../../x?y#', '../z', { kind: 'channel', tenantId: 'a&b=c' }) ?? '');
  expect(link.origin).toBe('https://teams.microsoft.com');
  expect(link.pathname.split('/')).toHaveLength(5);
  expect(link.hash).toBe('');
});

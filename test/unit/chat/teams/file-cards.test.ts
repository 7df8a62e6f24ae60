import { expect, test } from 'vitest';
import { fileAddress } from '../../../../src/chat/teams/file-cards.ts';

test.each([
  'https://contoso.sharepoint.com/personal/dana_contoso_com/_api/v2.0/x?guid=1',
  'https://contoso-my.sharepoint.com/personal/dana/Documents/Applications/x.txt',
])('%s is where Teams keeps files', (url) => {
  expect(fileAddress(url, false)?.href).toBe(url);
});

test.each([
  'http://contoso.sharepoint.com/x',
  'https://sharepoint.com/x',
  'https://contoso.sharepoint.com.evil.example/x',
  'https://evil-sharepoint.com/x',
  'https://contoso.sharepoint.com:8443/x',
  'https://m0:word@contoso.sharepoint.com/x',
  'https://smba.trafficmanager.net/x',
  'https://127.0.0.1/x',
  'http://127.0.0.1/x',
  'file:///etc/passwd',
  'nothing',
])('%s is not', (url) => {
  expect(fileAddress(url, false)).toBeNull();
});

test('where this machine plays Teams’ part, only what is on it is', () => {
  expect(fileAddress('http://127.0.0.1:9/drive/x', true)).not.toBeNull();
  expect(fileAddress('http://10.0.0.1:9/drive/x', true)).toBeNull();
  expect(fileAddress('https://contoso.sharepoint.com/x', true)).toBeNull();
});

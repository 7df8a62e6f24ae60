import { expect, test } from 'vitest';
import { createLogger } from '../../../../src/base/log.ts';
import { bridgeLogger } from '../../../../src/chat/slack/bridge.ts';

test('no token, response address or payload of Bolt’s reaches the log', () => {
  const lines: string[] = [];
  const logger = bridgeLogger(createLogger('trace', { write: (line) => void lines.push(line) }), [
    's3cret-value',
  ]);
  logger.debug('payload of a person');
  logger.info('token xoxb-1-abc', { token: 'xapp-1-A0-def' });
  logger.warn(new Error('posting to https://hooks.slack.com/actions/T0/1/abc'));
  logger.error('wss://wss-primary.slack.com/link/?ticket=abc and s3cret-value');
  expect(lines).toHaveLength(3);
  expect(lines.join('')).not.toMatch(/xoxb-1|xapp-1|abc|def|s3cret|payload/);
});

import { expect, test } from 'vitest';
import { createLogger } from '../../../../src/base/log.ts';
import { TokenWatch } from '../../../../src/chat/slack/token-watch.ts';

test('asks again after a refusal, tells of it, and no more once stopped', async () => {
  const lines: string[] = [];
  const log = createLogger('info', { write: (line) => void lines.push(line) });
  const { promise: thrice, resolve } = Promise.withResolvers<void>();
  let asked = 0;
  const look = async (): Promise<void> => {
    asked += 1;
    if (asked === 1) throw new Error('token_revoked');
    if (asked === 3) resolve();
  };
  const watch = new TokenWatch(look, log, 1);
  watch.start();
  await thrice;
  await watch.stop();
  const before = asked;
  await new Promise((wake) => setTimeout(wake, 10));
  expect(asked).toBe(before);
  expect(lines).toHaveLength(1);
  expect(lines[0]).toContain('token_revoked');
});

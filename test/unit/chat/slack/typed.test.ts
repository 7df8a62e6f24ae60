import { expect, test } from 'vitest';
import { typedCommand } from '../../../../src/chat/slack/typed.ts';

test.each([
  ['<@U0M0> approve #42', 'approve #42'],
  ['  <@U0M0>   drift   prod ', 'drift prod'],
  ['reject #42 a &amp; b &lt;c&gt; &amp;lt;', 'reject #42 a & b <c> &lt;'],
  ['drift <https://prod.example|prod.example>', 'drift prod.example'],
  ['drift <#C0OPS|ops>', 'drift #ops'],
  ['why <@U0DANA>', 'why @U0DANA'],
  ['accept #1 mail <mailto:a@b.dev|a@b.dev>', 'accept #1 mail a@b.dev'],
  ['drift\nprod', 'drift prod'],
])('%j is the command %j', (text, command) => {
  expect(typedCommand(text, 'U0M0')).toBe(command);
});

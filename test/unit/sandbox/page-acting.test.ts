import { afterEach, beforeEach, expect, it } from 'vitest';
import { perform } from '../../../src/sandbox/page/acting.ts';
import type { Workspace } from '../../../src/sandbox/workspace/workspace.ts';
import { actions, button, client, DANA, startTestWorkspace } from './workspace/support.ts';

let workspace: Workspace;
beforeEach(async () => {
  workspace = await startTestWorkspace();
});
afterEach(() => workspace.close());

it('says in plain words that a message was updated while its dialog was open', async () => {
  const slack = client(workspace);
  const blocks = [actions(button('Approve', 'approve'))];
  const { ts } = await slack.chat.postMessage({ channel: 'C0OPS', text: 'drift', blocks });
  const before = workspace.as(DANA).sees('C0OPS')[0]?.blocks[0]?.block_id;
  await slack.chat.update({ channel: 'C0OPS', ts: String(ts), text: 'drift', blocks });

  const answer = await perform(workspace, null, {
    ...{ act: 'click', as: DANA, channel: 'C0OPS', where: String(ts) },
    ...{ blockId: String(before), actionId: 'approve', value: null, values: {} },
  });

  expect(answer).toEqual({
    ok: false,
    problem: 'Nothing was done: m0 has updated this meanwhile. Read it, and press the button again.',
  });
});

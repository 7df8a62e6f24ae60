import type { App } from '@slack/bolt';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Workspace } from '../../../../src/sandbox/workspace/workspace.ts';
import { actions, button, client, DANA, EVE, type Mode, section, workspaceWithApp } from './support.ts';

let workspace: Workspace;
let app: App;
let start: () => Promise<void>;
let started: boolean;

afterEach(async () => {
  if (started) await app.stop();
  await workspace.close();
});

const form = {
  type: 'modal' as const,
  callback_id: 'snooze',
  private_metadata: '#42',
  title: { type: 'plain_text' as const, text: 'Snooze' },
  submit: { type: 'plain_text' as const, text: 'Snooze' },
  blocks: [
    {
      type: 'input' as const,
      block_id: 'for',
      label: { type: 'plain_text' as const, text: 'How long' },
      element: {
        type: 'static_select' as const,
        action_id: 'duration',
        options: ['2h', '3d'].map((value) => ({ text: { type: 'plain_text' as const, text: value }, value })),
        initial_option: { text: { type: 'plain_text' as const, text: '2h' }, value: '2h' },
      },
    },
    {
      type: 'input' as const,
      block_id: 'why',
      label: { type: 'plain_text' as const, text: 'Why' },
      element: { type: 'plain_text_input' as const, action_id: 'reason', max_length: 20 },
    },
  ],
};

const CONFIRM = {
  title: { type: 'plain_text', text: 'Revert?' },
  text: { type: 'plain_text', text: 'Removes 22/tcp' },
  confirm: { type: 'plain_text', text: 'Revert' },
  deny: { type: 'plain_text', text: 'Leave it' },
};

describe.each<Mode>(['socket', 'http'])('a Bolt app in %s mode', (mode) => {
  beforeEach(async () => {
    const made = await workspaceWithApp(mode);
    ({ workspace, app } = made);
    started = false;
    start = async () => {
      await made.start();
      started = true;
    };
  });

  it('goes from a command over a click and a modal to an updated message', async () => {
    app.command('/m0', async ({ ack, command, client: api }) => {
      await ack({ text: 'Looking at prod' });
      await api.chat.postMessage({
        channel: command.channel_id,
        text: `drift for ${command.text} asked by <@${command.user_id}>`,
        blocks: [
          section('prod drifted'),
          actions(button('Snooze…', 'snooze', { value: 'snooze #42' })),
        ] as never,
        metadata: { event_type: 'm0_card', event_payload: { run: 42 } },
      });
    });
    app.action('snooze', async ({ ack, body, client: api }) => {
      await ack();
      if (body.type !== 'block_actions') return;
      await api.views.open({
        trigger_id: body.trigger_id,
        view: { ...form, private_metadata: body.message?.ts ?? '' },
      });
    });
    app.view('snooze', async ({ ack, view, body, client: api }) => {
      const reason = view.state.values.why?.reason?.value;
      const duration = view.state.values.for?.duration?.selected_option?.value;
      if (reason === 'no') return ack({ response_action: 'errors', errors: { why: 'Say more' } });
      await ack();
      const text = `snoozed by ${body.user.id} for ${duration}: ${reason}`;
      await api.chat.update({
        channel: 'C0OPS',
        ts: view.private_metadata,
        text,
        blocks: [section(text)] as never,
      });
    });
    await start();

    const dana = workspace.as(DANA);
    const { outcome, ephemerals } = await dana.slash('/m0', 'drift prod', '#ops');
    expect(outcome).toBe('acked');
    expect(ephemerals.map((message) => [message.text, message.visibleTo])).toEqual([
      ['Looking at prod', DANA],
    ]);

    const card = await workspace.waitFor(() => workspace.channel('ops').messages[0], 15_000);
    expect(card.mentions).toEqual([DANA]);
    expect(card.metadata).toEqual({ event_type: 'm0_card', event_payload: { run: 42 } });
    expect(await dana.click(card, 'Snooze…')).toEqual({ outcome: 'acked' });

    const view = await workspace.waitFor(() => dana.views[0], 15_000);
    expect(view.title).toBe('Snooze');
    expect(await dana.submit(view.id, {})).toEqual({
      outcome: 'errors',
      errors: { why: 'Please complete this required field.' },
    });
    expect(await dana.submit(view.id, { reason: 'no' })).toEqual({
      outcome: 'errors',
      errors: { why: 'Say more' },
    });
    expect(await dana.submit(view.id, { duration: '3d', reason: 'vendor' })).toEqual({ outcome: 'closed' });
    expect(dana.views).toEqual([]);

    const edited = await workspace.waitFor(
      () => workspace.channel('ops').messages.find((m) => m.editedTs),
      3000,
    );
    expect(edited.text).toBe(`snoozed by ${DANA} for 3d: vendor`);
    expect(edited.ts).toBe(card.ts);
  });

  it('hides ephemeral messages from others and lets their buttons replace or delete them', async () => {
    app.command('/m0', async ({ ack, respond }) => {
      await ack();
      await respond({
        text: 'Only sre may',
        blocks: [actions(button('Ask', 'ask'), button('Leave', 'leave'))] as never,
      });
    });
    app.action('ask', async ({ ack, respond }) => {
      await ack();
      await respond({ text: 'Asked Dana', replace_original: true });
    });
    app.action('leave', async ({ ack, respond }) => {
      await ack();
      await respond({ delete_original: true } as never);
    });
    await start();
    const eve = workspace.as(EVE);
    await eve.slash('/m0', 'approve #1', 'ops');
    const first = await workspace.waitFor(() => eve.sees('ops')[0], 15_000);
    expect(workspace.as(DANA).sees('ops')).toEqual([]);
    expect(workspace.channel('ops').messages).toEqual([]);

    await eve.click(first, 'ask');
    await workspace.waitFor(() => eve.sees('ops')[0]?.text === 'Asked Dana', 15_000);
    expect(eve.sees('ops')).toHaveLength(1);

    await eve.slash('/m0', 'approve #1', 'ops');
    const second = await workspace.waitFor(() => eve.sees('ops')[1], 15_000);
    await eve.click(second, 'leave');
    await workspace.waitFor(() => eve.sees('ops').length === 1, 15_000);
  });

  it('asks for the confirmation a button carries before telling the app', async () => {
    const clicks: string[] = [];
    app.action('revert', async ({ ack, action }) => {
      await ack();
      clicks.push('value' in action ? String(action.value) : '');
    });
    await start();
    const block = actions(button('Revert', 'revert', { value: 'approve #42', confirm: CONFIRM }));
    await client(workspace).chat.postMessage({ channel: 'C0OPS', text: 'x', blocks: [block] as never });
    const [message] = workspace.channel('ops').messages;
    if (!message) throw new Error('nothing was posted');
    const asked = await workspace.as(DANA).click(message, 'Revert');
    expect(asked).toEqual({ outcome: 'needs_confirmation', confirm: CONFIRM });
    expect(clicks).toEqual([]);
    expect(await workspace.as(DANA).click(message, 'Revert', { confirm: true })).toEqual({
      outcome: 'acked',
    });
    expect(clicks).toEqual(['approve #42']);
  });

  it('hears mentions in channels and every direct message, and answers in a thread', async () => {
    app.event('app_mention', async ({ event, say }) => {
      await say({ text: `mention: ${event.text}`, thread_ts: event.ts });
    });
    app.message(async ({ message, say }) => {
      await say(`direct: ${'text' in message ? message.text : ''}`);
    });
    await start();
    const dana = workspace.as(DANA);
    await dana.say('ops', 'not for you');
    const asked = await dana.say('ops', '@m0 drift <prod>');
    const [answer] = await workspace.waitFor(() => {
      const replies = workspace.channel('ops').replies(asked.ts);
      return replies.length > 0 && replies;
    }, 15_000);
    expect(answer?.text).toBe('mention: <@U0M0> drift &lt;prod&gt;');
    await dana.say('@m0', 'status');
    await workspace.waitFor(
      () => workspace.dm(DANA).messages.some((m) => m.text === 'direct: status'),
      15_000,
    );
    expect(workspace.channel('ops').messages).toHaveLength(3);
  });

  it('updates, pushes and clears modals as the app answers', async () => {
    app.command('/m0', async ({ ack, command, client: api }) => {
      await ack();
      await api.views.open({
        trigger_id: command.trigger_id,
        view: { ...form, blocks: [], callback_id: 'a' },
      });
    });
    app.view('a', async ({ ack }) => {
      await ack({ response_action: 'push', view: { ...form, blocks: [], callback_id: 'b' } });
    });
    app.view('b', async ({ ack }) => {
      await ack({ response_action: 'update', view: { ...form, blocks: [], callback_id: 'c' } });
    });
    app.view('c', async ({ ack }) => {
      await ack({ response_action: 'clear' });
    });
    await start();
    const dana = workspace.as(DANA);
    await dana.slash('/m0', 'x', 'ops');
    const first = await workspace.waitFor(() => dana.views[0], 15_000);
    expect(await dana.submit(first.id)).toMatchObject({ outcome: 'pushed', view: { previousId: first.id } });
    const [, second] = dana.views;
    if (!second) throw new Error('no second modal');
    expect(await dana.submit(second.id)).toMatchObject({ outcome: 'updated', view: { callbackId: 'c' } });
    expect(await dana.submit(second.id)).toEqual({ outcome: 'cleared' });
    expect(dana.views).toEqual([]);
  });

  it('reports what the app never acknowledged, and what nobody is there to hear', async () => {
    const dana = workspace.as(DANA);
    const alone = await dana.slash('/m0', 'drift', 'ops');
    expect(alone.outcome).toBe('dispatch_failed');
    app.command('/m0', async () => {});
    await start();
    const late = await dana.slash('/m0', 'drift', 'ops');
    expect(late.outcome).toBe('operation_timeout');
    expect(late.ephemerals.map((m) => m.text)).toEqual(['/m0 failed with the error "operation_timeout"']);
  });

  it('refuses an acknowledgement whose blocks Slack would refuse', async () => {
    app.command('/m0', async ({ ack }) => {
      await ack({ text: 'hello <!channel>' });
    });
    await start();
    const { outcome } = await workspace.as(DANA).slash('/m0', '', 'ops');
    expect(outcome).toBe('invalid_command_response');
  });

  it('publishes a home', async () => {
    app.event('app_home_opened', async ({ event, client: api }) => {
      await api.views.publish({
        user_id: event.user,
        view: { type: 'home', blocks: [section('all well')] as never },
      });
    });
    await start();
    await workspace.as(DANA).openHome();
    const home = await workspace.waitFor(() => workspace.as(DANA).home, 15_000);
    expect(home.blocks).toMatchObject([section('all well')]);
    expect(workspace.as(EVE).home).toBeNull();
  });

  it('takes a file upload and shows it in the channel', async () => {
    await client(workspace).files.uploadV2({
      channel_id: 'C0OPS',
      content: 'the whole diff',
      filename: 'diff.txt',
      title: 'Full diff',
      initial_comment: 'all of it',
    });
    const [message] = workspace.channel('ops').messages;
    expect(message?.text).toBe('all of it');
    const file = workspace.file(message?.files[0] ?? '');
    expect(file?.bytes.toString()).toBe('the whole diff');
    expect(file?.title).toBe('Full diff');
  });
});

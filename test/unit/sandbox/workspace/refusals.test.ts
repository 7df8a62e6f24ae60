import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Workspace } from '../../../../src/sandbox/workspace/workspace.ts';
import { actions, button, client, refusal, section, startTestWorkspace } from './support.ts';

let workspace: Workspace;
beforeAll(async () => {
  workspace = await startTestWorkspace();
});
afterAll(() => workspace.close());

const x = (count: number) => 'x'.repeat(count);
const plain = (text: string) => ({ type: 'plain_text', text });
const option = (value: string, text = value) => ({ text: plain(text), value });
const select = (more: Record<string, unknown>) =>
  actions({ type: 'static_select', action_id: 's', options: [option('a')], ...more });
const rich = (...elements: unknown[]) => ({
  type: 'rich_text',
  elements: [{ type: 'rich_text_section', elements }],
});
const confirm = (more: Record<string, unknown> = {}) => ({
  title: plain('Sure?'),
  text: plain('It deletes'),
  confirm: plain('Yes'),
  deny: plain('No'),
  ...more,
});
const table = (rows: number, columns: number) => ({
  type: 'table',
  rows: Array.from({ length: rows }, () =>
    Array.from({ length: columns }, () => ({ type: 'raw_text', text: 'c' })),
  ),
});
const many = (count: number, make: (index: number) => unknown) =>
  Array.from({ length: count }, (_, i) => make(i));

function post(blocks: unknown, text = 'fallback') {
  return client(workspace).chat.postMessage({ channel: 'C0OPS', text, blocks: blocks as never });
}

describe('blocks of a message', () => {
  const refused: [what: string, blocks: unknown[], at: string][] = [
    ['an unknown block', [{ type: 'banner' }], '/blocks/0/type'],
    ['an unknown element', [actions({ type: 'slider', action_id: 'a' })], '/blocks/0/elements/0/type'],
    ['an input element among actions', [actions({ type: 'plain_text_input' })], '/blocks/0/elements/0/type'],
    ['an unknown field', [{ ...section('a'), colour: 'red' }], '/blocks/0]'],
    [
      'an unknown field of a text',
      [{ type: 'section', text: { ...plain('a'), verbatim: true } }],
      '/blocks/0/text]',
    ],
    ['an empty text', [section('')], '/blocks/0/text/text'],
    ['a section without text', [{ type: 'section' }], '/blocks/0'],
    ['a long section', [section(x(3001))], '/blocks/0/text/text'],
    ['a long field', [{ type: 'section', fields: [plain(x(2001))] }], '/blocks/0/fields/0/text'],
    ['eleven fields', [{ type: 'section', fields: many(11, () => plain('f')) }], '/blocks/0/fields'],
    ['a long header', [{ type: 'header', text: plain(x(151)) }], '/blocks/0/text/text'],
    ['mrkdwn in a header', [{ type: 'header', text: { type: 'mrkdwn', text: 'a' } }], '/blocks/0/text/type'],
    [
      'eleven context elements',
      [{ type: 'context', elements: many(11, () => plain('c')) }],
      '/blocks/0/elements',
    ],
    ['26 actions', [actions(...many(26, (i) => button('b', `a${i}`)))], '/blocks/0/elements'],
    ['51 blocks', many(51, () => ({ type: 'divider' })), '/blocks]'],
    ['a long button', [actions(button(x(76), 'a'))], '/elements/0/text/text'],
    ['a long value', [actions(button('b', 'a', { value: x(2001) }))], '/elements/0/value'],
    ['a long action_id', [actions(button('b', x(256)))], '/elements/0/action_id'],
    ['an unknown style', [actions(button('b', 'a', { style: 'warning' }))], '/elements/0/style'],
    [
      'a button that leads to a script',
      [actions(button('b', 'a', { url: 'javascript:alert(1)' }))],
      '/elements/0/url',
    ],
    ['a long block_id', [{ ...section('a'), block_id: x(256) }], '/blocks/0/block_id'],
    [
      'a block_id twice',
      [
        { ...section('a'), block_id: 'b' },
        { ...section('b'), block_id: 'b' },
      ],
      '/blocks/1/block_id',
    ],
    ['an action_id twice in a block', [actions(button('a', 'same'), button('b', 'same'))], '/blocks/0'],
    [
      'a confirmation without a title',
      [actions(button('b', 'a', { confirm: confirm({ title: undefined }) }))],
      '/confirm',
    ],
    [
      'a long confirmation',
      [actions(button('b', 'a', { confirm: confirm({ text: plain(x(301)) }) }))],
      '/confirm/text',
    ],
    ['a long option', [select({ options: [option('a', x(76))] })], '/options/0/text/text'],
    ['a long option value', [select({ options: [option(x(151), 'a')] })], '/options/0/value'],
    ['101 options', [select({ options: many(101, (i) => option(String(i))) })], '/options]'],
    ['two options of one value', [select({ options: [option('a'), option('a', 'b')] })], '/options'],
    ['an initial option that is none', [select({ initial_option: option('z') })], '/elements/0'],
    [
      'six overflow options',
      [actions({ type: 'overflow', options: many(6, (i) => option(String(i))) })],
      '/options',
    ],
    [
      'an unknown rich text element',
      [{ type: 'rich_text', elements: [{ type: 'rich_text_box' }] }],
      '/elements/0/type',
    ],
    ['an empty rich text', [rich({ type: 'text', text: '' })], '/elements/0/elements/0/text'],
    ['an unknown style in rich text', [rich({ type: 'text', text: 'a', style: { big: true } })], '/style'],
    [
      'a list within a list',
      [
        {
          type: 'rich_text',
          elements: [
            {
              type: 'rich_text_list',
              style: 'bullet',
              elements: [{ type: 'rich_text_quote', elements: [] }],
            },
          ],
        },
      ],
      '/elements/0/elements/0/type',
    ],
    ['a long markdown', [{ type: 'markdown', text: x(12_001) }], '/blocks/0/text'],
    ['101 rows', [table(101, 1)], '/rows'],
    ['21 columns', [table(1, 21)], '/rows/0'],
    ['two tables', [table(1, 1), table(1, 1)], '/blocks'],
    ['something that is no block', ['hello'], '/blocks/0'],
  ];
  it.each(refused)('refuses %s', async (_, blocks, at) => {
    const { error, messages } = await refusal(post(blocks));
    expect(error).toBe('invalid_blocks');
    expect(messages.join('\n')).toContain(at);
  });

  const taken: [what: string, blocks: unknown[]][] = [
    [
      'the longest of everything',
      [
        section(x(3000)),
        { type: 'header', text: plain(x(150)) },
        actions(
          button(x(75), x(255), {
            value: x(2000),
            confirm: confirm({ text: plain(x(300)) }),
            style: 'danger',
          }),
        ),
        { type: 'section', fields: many(4, () => plain(x(2000))) },
      ],
    ],
    ['50 blocks', many(50, () => ({ type: 'divider' }))],
    ['a full table', [table(100, 20)]],
    [
      'every kind of rich text',
      [
        rich(
          { type: 'text', text: 'a', style: { bold: true, code: true } },
          { type: 'link', url: 'https://a.dev' },
        ),
        {
          type: 'rich_text',
          elements: [
            {
              type: 'rich_text_list',
              style: 'ordered',
              indent: 1,
              elements: [{ type: 'rich_text_section', elements: [{ type: 'emoji', name: 'wave' }] }],
            },
            {
              type: 'rich_text_quote',
              elements: [{ type: 'date', timestamp: 1_700_000_000, format: '{time}' }],
            },
            { type: 'rich_text_preformatted', elements: [{ type: 'text', text: '+ a' }], border: 0 },
          ],
        },
      ],
    ],
    [
      'every kind of choice',
      [
        select({ initial_option: option('a'), placeholder: plain('which') }),
        actions({ type: 'multi_static_select', action_id: 'm', options: [option('a')] }),
        actions({ type: 'radio_buttons', action_id: 'r', options: [option('a')] }),
        actions({
          type: 'checkboxes',
          action_id: 'c',
          options: [{ text: { type: 'mrkdwn', text: '*a*' }, value: 'a' }],
        }),
        actions({ type: 'datetimepicker', action_id: 'd', initial_date_time: 1_700_000_000 }),
        { ...section('a'), accessory: { type: 'overflow', action_id: 'o', options: [option('a')] } },
      ],
    ],
    ['an action_id again in another block', [actions(button('a', 'same')), actions(button('b', 'same'))]],
  ];
  it.each(taken)('takes %s', async (_, blocks) => {
    expect((await post(blocks)).ok).toBe(true);
  });

  it('refuses too much text in all', async () => {
    const { error } = await refusal(post(many(5, () => section(x(2700)))));
    expect(error).toBe('msg_blocks_too_long');
    expect((await post(many(4, () => section(x(2700))))).ok).toBe(true);
  });

  it('refuses nothing to say, and too much of it', async () => {
    const api = client(workspace);
    expect((await refusal(api.chat.postMessage({ channel: 'C0OPS', text: '' }))).error).toBe('no_text');
    expect((await refusal(api.chat.postMessage({ channel: 'C0OPS', text: x(40_001) }))).error).toBe(
      'msg_too_long',
    );
  });

  it('refuses more text in an update than in a post', async () => {
    const api = client(workspace);
    const { ts = '' } = await api.chat.postMessage({ channel: 'C0OPS', text: x(4_001) });
    const update = (text: string) => api.chat.update({ channel: 'C0OPS', ts, text });
    expect((await refusal(update(x(4_001)))).error).toBe('msg_too_long');
    expect((await update(x(4_000))).ok).toBe(true);
  });

  it('warns where there is no fallback text', async () => {
    const answer = await client(workspace).apiCall('chat.postMessage', {
      channel: 'C0OPS',
      blocks: [section('a')],
    });
    expect(answer.response_metadata?.warnings).toEqual(['missing_text_in_message']);
  });
});

describe('what is live in a message', () => {
  const refusedBroadcasts: [string, string, unknown[]][] = [
    ['the text', 'by <!channel>', []],
    ['a section', 'x', [section('by <!here>')]],
    ['a context', 'x', [{ type: 'context', elements: [{ type: 'mrkdwn', text: '<!everyone|all>' }] }]],
    ['rich text', 'x', [rich({ type: 'broadcast', range: 'channel' })]],
  ];
  it.each(refusedBroadcasts)('refuses a broadcast in %s', async (_, text, blocks) => {
    const { error, messages } = await refusal(post(blocks, text));
    expect(error).toBe('broadcast_not_allowed');
    expect(messages[0]).toContain('unescaped');
  });

  it('allows broadcasts where the workspace is told to', async () => {
    const open = await startTestWorkspace({ allowBroadcast: true });
    await client(open).chat.postMessage({ channel: 'C0OPS', text: 'all of <!channel>' });
    expect(open.channel('ops').messages[0]?.mentions).toEqual(['!channel']);
    await open.close();
  });

  const read: [what: string, text: string, blocks: unknown[], mentions: string[], links: string[]][] = [
    ['escaped text', 'a &lt;!channel&gt; &lt;@U0DANA&gt;', [], [], []],
    ['a mention', 'ask <@U0DANA>', [], ['U0DANA'], []],
    ['a user group', 'ask <!subteam^S0SRE>', [], ['S0SRE'], []],
    ['links', '<https://a.dev|see> <#C0OPS>', [], [], ['https://a.dev', '#C0OPS']],
    ['a bare address', 'see https://a.dev/x?y=1 now', [], [], ['https://a.dev/x?y=1']],
    ['a bare address in code', '`https://a.dev`', [], [], []],
    [
      'a bare address in verbatim mrkdwn',
      'x',
      [{ type: 'section', text: { type: 'mrkdwn', text: 'https://a.dev', verbatim: true } }],
      [],
      [],
    ],
    ['plain text', 'x', [{ type: 'section', text: plain('<@U0DANA> <https://a.dev>') }], [], []],
    [
      'preformatted text',
      'x',
      [
        {
          type: 'rich_text',
          elements: [
            {
              type: 'rich_text_preformatted',
              elements: [{ type: 'text', text: '<!channel> <@U0DANA> https://a.dev' }],
            },
          ],
        },
      ],
      [],
      [],
    ],
    ['a person in rich text', 'x', [rich({ type: 'user', user_id: 'U0DANA' })], ['U0DANA'], []],
    ['a link button', 'x', [actions(button('b', 'a', { url: 'https://a.dev' }))], [], ['https://a.dev']],
    ['a markdown link', 'x', [{ type: 'markdown', text: '[see](https://a.dev)' }], [], ['https://a.dev']],
    ['a name without link_names', '@dana', [], [], []],
  ];
  it.each(read)('reads %s', async (_, text, blocks, mentions, links) => {
    const { ts } = await post(blocks, text);
    const message = workspace.channel('ops').messages.find((other) => other.ts === ts);
    expect(message).toMatchObject({ mentions, links });
  });

  it('finds names with link_names', async () => {
    const api = client(workspace);
    const { ts } = await api.chat.postMessage({ channel: 'C0OPS', text: 'ask @dana', link_names: true });
    expect(workspace.channel('ops').messages.find((m) => m.ts === ts)?.mentions).toEqual(['U0DANA']);
    const everyone = api.chat.postMessage({ channel: 'C0OPS', text: 'ask @channel', link_names: true });
    expect((await refusal(everyone)).error).toBe('broadcast_not_allowed');
  });
});

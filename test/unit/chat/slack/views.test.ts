import { describe, expect, test } from 'vitest';
import {
  formView,
  pagesView,
  readAnswers,
  readMemory,
  resultView,
} from '../../../../src/chat/slack/views.ts';
import { refuseView } from '../../../../src/sandbox/workspace/validation/view.ts';
import { seeded } from '../../../support/random.ts';
import { cards, HOSTILE_TEXTS, randomCard, snoozeForm, threePages } from '../../../support/sample-cards.ts';

const nobody = (): null => null;
const memory = { command: 'show #42', channel: 'C0OPS', thread: null, card: null };
const refused = (view: unknown) => refuseView(view, 'modal', false);

test('a form is taken by Slack and remembers its command', () => {
  const view = formView(snoozeForm, { ...memory, command: snoozeForm.command }, nobody);
  expect(refused(view)).toBeNull();
  expect(readMemory(view.private_metadata ?? '')).toEqual({ ...memory, command: 'snooze #42' });
});

test('a form of hostile texts and too many choices is taken by Slack', () => {
  const long = HOSTILE_TEXTS.join(' ').repeat(20);
  const option = (i: number) => ({ label: `${long}${i}`, value: i % 50 === 0 ? long : `v${i}` });
  const view = formView(
    {
      title: long,
      submit: long,
      intro: [{ type: 'text', text: long }],
      command: 'snooze #42',
      fields: [
        { kind: 'choice', name: 'A', label: long, options: Array.from({ length: 300 }, (_, i) => option(i)) },
        { kind: 'choice', name: 'B', label: long, options: [] },
        { kind: 'text', name: 'C', label: long, hint: long, required: false, maxLength: 100_000 },
      ],
    },
    memory,
    nobody,
  );
  expect(refused(view)).toBeNull();
});

test('memory that is none of m0’s is no memory', () => {
  expect(readMemory('')).toBeNull();
  expect(readMemory('{"command":1}')).toBeNull();
});

describe('answers', () => {
  const blocks = [
    { type: 'input', block_id: 'REASON', optional: false },
    { type: 'input', block_id: 'NOTE', optional: true },
    { type: 'input', block_id: 'FOR', optional: false },
    { type: 'rich_text', block_id: 'x' },
  ];
  const state = (reason: string) => ({
    values: {
      REASON: { answer: { value: reason } },
      NOTE: { answer: { value: null } },
      FOR: { answer: { selected_option: { value: '3d' } } },
    },
  });

  test('come by field name, without those left empty', () => {
    expect(readAnswers({ blocks, state: state(' vendor needs it ') })).toEqual({
      answers: { REASON: 'vendor needs it', FOR: '3d' },
      problems: {},
    });
  });

  test('of spaces only are a problem of their field', () => {
    expect(readAnswers({ blocks, state: state('  ') }).problems).toEqual({ REASON: 'This is needed.' });
  });
});

describe('pages', () => {
  const ids = (index: number, all = threePages): string[] => {
    const view = pagesView(all, index, memory, nobody);
    expect(refused(view)).toBeNull();
    return [...JSON.stringify(view.blocks).matchAll(/"action_id":"([^"]+)"/g)]
      .map(([, id]) => id ?? '')
      .filter((id) => id.startsWith('m0:page') || id === 'm0:file');
  };

  test('turn both ways, and end at the ends', () => {
    expect(ids(0)).toEqual(['m0:page:1', 'm0:file']);
    expect(ids(1)).toEqual(['m0:page:0', 'm0:page:2', 'm0:file']);
    expect(ids(2)).toEqual(['m0:page:1', 'm0:file']);
  });

  test('have both ends one click away where they are many', () => {
    const many = { ...threePages, pages: [...threePages.pages, ...threePages.pages] };
    expect(ids(0, many)).toEqual(['m0:page:1', 'm0:page:5', 'm0:file']);
    expect(ids(1, many)).toEqual(['m0:page:0', 'm0:page:2', 'm0:page:5', 'm0:file']);
    expect(ids(3, many)).toEqual(['m0:page:2', 'm0:page:4', 'm0:page:0', 'm0:page:5', 'm0:file']);
    expect(ids(5, many)).toEqual(['m0:page:4', 'm0:page:0', 'm0:file']);
  });

  test('a page that is gone by now shows the last one', () => {
    expect(ids(99)).toEqual(['m0:page:1', 'm0:file']);
  });

  test('any page and any answer is taken by Slack', () => {
    for (const card of [
      ...Object.values(cards),
      ...Array.from({ length: 60 }, (_, i) => randomCard(seeded(i))),
    ]) {
      const pages = { title: 'p', pages: [card], text: 'x' };
      expect(refused(pagesView(pages, 0, memory, nobody))).toBeNull();
      expect(refused(resultView(card, memory, nobody))).toBeNull();
    }
  });
});

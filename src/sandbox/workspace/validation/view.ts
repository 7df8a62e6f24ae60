import { z } from 'zod';
import { isRecord } from '../../../base/is-record.ts';
import { brokenBroadcast, PLAIN_PARSING, parseMessage } from '../text.ts';
import { repeatedIds, viewBlocks } from './blocks.ts';
import { type Issue, issuesOf, typed, wording } from './check.ts';
import { plainText } from './composition.ts';
import type { Refused } from './refused.ts';

const shared = {
  callback_id: z.string().max(255).optional(),
  external_id: z.string().max(255).optional(),
  private_metadata: z.string().max(3000).optional(),
};

const modal = typed('modal', {
  ...shared,
  title: plainText(24),
  blocks: viewBlocks,
  submit: plainText(24).optional(),
  close: plainText(24).optional(),
  clear_on_close: z.boolean().optional(),
  notify_on_close: z.boolean().optional(),
  submit_disabled: z.boolean().optional(),
}).refine(({ submit, blocks }) => submit !== undefined || !blocks.some(({ type }) => type === 'input'), {
  error: 'submit is required when an input block is within blocks',
});

const home = typed('home', { ...shared, blocks: viewBlocks });

const view = z.discriminatedUnion('type', [modal, home]);

/** What Slack would say against this view, or null. */
export function refuseView(value: unknown, type: 'modal' | 'home', allowBroadcast: boolean): Refused | null {
  const issues: Issue[] = [...issuesOf(view, value, '/view')];
  if (isRecord(value)) {
    issues.push(...repeatedIds(value.blocks, '/view/blocks'));
    if (value.type !== type && issues.length === 0) {
      issues.push({ message: `must be a ${type}`, at: '/view/type' });
    }
  }
  if (issues.length > 0) return { error: 'invalid_arguments', messages: issues.map(wording) };
  const blocks = isRecord(value) && Array.isArray(value.blocks) ? value.blocks : [];
  const broadcasts = parseMessage('', blocks, PLAIN_PARSING).mentions.filter((mention) =>
    mention.startsWith('!'),
  );
  return !allowBroadcast && broadcasts.length > 0 ? brokenBroadcast(broadcasts) : null;
}

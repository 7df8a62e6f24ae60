import { isRecord } from '../../../base/is-record.ts';
import { brokenBroadcast, PLAIN_PARSING, parseMessage } from '../text.ts';
import { idsAreUnique, viewBlocks } from './blocks.ts';
import { anything, boolean, byType, type Issue, object, string, wording } from './check.ts';
import { plainText } from './composition.ts';
import type { Refused } from './refused.ts';

const shared = {
  callback_id: string({ max: 255 }),
  external_id: string({ max: 255 }),
  private_metadata: string({ max: 3000 }),
};

const view = byType({
  modal: object(
    { type: anything, title: plainText(24), blocks: viewBlocks },
    {
      ...shared,
      submit: plainText(24),
      close: plainText(24),
      clear_on_close: boolean,
      notify_on_close: boolean,
      submit_disabled: boolean,
    },
    (value, at, issues) => {
      const blocks = isRecord(value) && Array.isArray(value.blocks) ? value.blocks : [];
      if (
        isRecord(value) &&
        value.submit === undefined &&
        blocks.some((b) => isRecord(b) && b.type === 'input')
      ) {
        issues.push({ message: 'submit is required when an input block is within blocks', at });
      }
    },
  ),
  home: object({ type: anything, blocks: viewBlocks }, shared),
});

/** What Slack would say against this view, or null. */
export function refuseView(value: unknown, type: 'modal' | 'home', allowBroadcast: boolean): Refused | null {
  const issues: Issue[] = [];
  view(value, '/view', issues);
  if (isRecord(value)) {
    idsAreUnique(value.blocks, '/view/blocks', issues);
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

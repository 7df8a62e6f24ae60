import { isRecord } from '../../../base/is-record.ts';
import { brokenBroadcast, type Parsing, parseMessage } from '../text.ts';
import { messageBlocks, repeatedIds, textLength } from './blocks.ts';
import { type Issue, issuesOf, wording } from './check.ts';
import type { Refused } from './refused.ts';

/** Measured, not documented: Slack refuses a message whose blocks show more than about this. */
const MAX_TEXT_IN_BLOCKS = 13_200;
const MAX_TEXT = 40_000;
const MAX_MARKDOWN = 12_000;
const MAX_TABLE_TEXT = 10_000;

/**
 * What Slack would say against this message, or null. `allowBroadcast` false refuses what would ping a
 * whole channel, which Slack itself would deliver: from this app it can only be a value that broke out.
 */
export function refuseMessage(
  text: string,
  blocks: readonly unknown[],
  parsing: Parsing,
  allowBroadcast: boolean,
): Refused | null {
  if (text === '' && blocks.length === 0) return { error: 'no_text', messages: [] };
  if (text.length > MAX_TEXT) {
    return {
      error: 'msg_too_long',
      messages: [`[ERROR] text has ${text.length} characters, ${MAX_TEXT} are allowed`],
    };
  }
  const refused = refuseBlocks(blocks);
  if (refused) return refused;
  if (allowBroadcast) return null;
  const broadcasts = parseMessage(text, blocks, parsing).mentions.filter((mention) =>
    mention.startsWith('!'),
  );
  return broadcasts.length > 0 ? brokenBroadcast(broadcasts) : null;
}

function refuseBlocks(blocks: readonly unknown[]): Refused | null {
  const issues: Issue[] = [...issuesOf(messageBlocks, blocks, '/blocks'), ...repeatedIds(blocks, '/blocks')];
  const ofType = (type: string) => blocks.filter((block) => isRecord(block) && block.type === type);
  if (ofType('table').length > 1) issues.push({ message: 'only_one_table_allowed', at: '/blocks' });
  if (textLength(ofType('table')) > MAX_TABLE_TEXT) {
    issues.push({ message: `a table must have less than ${MAX_TABLE_TEXT + 1} characters`, at: '/blocks' });
  }
  if (textLength(ofType('markdown')) > MAX_MARKDOWN) {
    issues.push({
      message: `markdown blocks must have less than ${MAX_MARKDOWN + 1} characters in all`,
      at: '/blocks',
    });
  }
  if (issues.length > 0) return { error: 'invalid_blocks', messages: issues.map(wording) };
  const length = textLength(blocks);
  if (length > MAX_TEXT_IN_BLOCKS) {
    return { error: 'msg_blocks_too_long', messages: [`[ERROR] blocks show ${length} characters in all`] };
  }
  return null;
}

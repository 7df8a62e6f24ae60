/** The command `report`. */
import { reportView } from '../alerts/report.ts';
import { spanOfMonth } from '../commands/month.ts';
import { reportText } from '../commands/text.ts';
import { reportCard, reportFiles } from '../messages/report.ts';
import type { Incoming, Reply } from '../ports/chat.ts';
import { wallClock } from '../text/zone.ts';
import type { ActionParts } from './parts.ts';
import { stacksMeant } from './stacks.ts';
import { targetedIn } from './targets.ts';

/** `report [TARGET] [MONTH]`: what drifted, who decided and what was applied, as files for the sender alone. */
export async function report(
  parts: ActionParts,
  incoming: Incoming,
  asked: { readonly target: string | null; readonly month: string | null },
): Promise<Reply> {
  // Choices keep the month that was typed.
  const stacks =
    asked.target === null
      ? await stacksMeant(parts, incoming, 'report', null)
      : targetedIn(parts, incoming.text, asked.target);
  if ('type' in stacks) return stacks;
  const { timezone: zone } = parts.directory;
  const today = wallClock(parts.clock(), zone);
  const month = asked.month ?? `${today.year}-${String(today.month).padStart(2, '0')}`;
  const { target } = asked;
  const view = await reportView(parts, { target, stacks, month, zone, ...spanOfMonth(month, zone) });
  return {
    type: 'files',
    card: reportCard(view),
    files: reportFiles(view),
    // With the month as it was meant now: a chat that asks for the files again later means the same ones.
    command: reportText(target, month),
  };
}

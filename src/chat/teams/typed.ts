import { z } from 'zod';
import type { Activity } from './activity.ts';

const mention = z.object({
  type: z.literal('mention'),
  text: z.string().min(1),
  mentioned: z.object({ id: z.string(), name: z.string().nullish() }),
});

const ENTITIES: Readonly<Record<string, string>> = {
  '&nbsp;': ' ',
  '&lt;': '<',
  '&gt;': '>',
  '&quot;': '"',
  '&#39;': "'",
  '&amp;': '&',
};

/** True where the message is said to m0: in a channel and a group only with a mention of it, or to it alone. */
export function isForM0(activity: Activity): boolean {
  if (activity.conversation.conversationType === 'personal' || activity.recipient.isTargeted) return true;
  return mentionsIn(activity).some((m) => m.mentioned.id === activity.recipient.id);
}

function mentionsIn(activity: Activity): readonly z.infer<typeof mention>[] {
  return (activity.entities ?? []).flatMap((entity) => {
    const parsed = mention.safeParse(entity);
    return parsed.success ? [parsed.data] : [];
  });
}

/**
 * The command in a message as Teams sends it: without the mention of m0, which Teams names itself, and with those
 * of others by name; escapes undone. A slash that Teams' command menu puts in front is left out.
 */
export function typedCommand(activity: Activity): string {
  let text = activity.text ?? '';
  for (const { text: tag, mentioned } of mentionsIn(activity)) {
    text = text.replaceAll(tag, mentioned.id === activity.recipient.id ? ' ' : (mentioned.name ?? ' '));
  }
  return text
    .replace(/&(?:nbsp|lt|gt|quot|#39|amp);/g, (entity) => ENTITIES[entity] ?? entity)
    .replace(/\s+/g, ' ')
    .trim()
    .replace(/^\/(?=[a-z])/i, '');
}

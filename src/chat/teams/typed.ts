/** The command in a typed Teams message. */
import { z } from 'zod';
import type { Activity } from './activity.ts';

const mention = z.object({
  type: z.literal('mention'),
  text: z.string().nullish(),
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

/** True where the message is for m0: in the chat with m0, a slash command, or a message that mentions m0. */
export function isForM0(activity: Activity): boolean {
  if (activity.conversation.conversationType === 'personal' || activity.recipient.isTargeted) return true;
  return mentionsIn(activity).some(({ id }) => id === activity.recipient.id);
}

interface Mentioned {
  /** The mention as it appears in the message's text; empty where it does not. */
  readonly tag: string;
  readonly id: string;
  readonly name: string | null;
}

function mentionsIn(activity: Activity): readonly Mentioned[] {
  return (activity.entities ?? []).flatMap((entity) => {
    const parsed = mention.safeParse(entity);
    if (!parsed.success) return [];
    const { text, mentioned } = parsed.data;
    const name = mentioned.name ?? null;
    return [{ tag: text || (name === null ? '' : `<at>${name}</at>`), id: mentioned.id, name }];
  });
}

/**
 * The command in a message from Teams: without the mention of m0, mentions of others as names, entities
 * unescaped. A leading slash, which Teams' command menu adds, is removed.
 */
export function typedCommand(activity: Activity): string {
  let text = activity.text ?? '';
  for (const { tag, id, name } of mentionsIn(activity)) {
    if (tag !== '') text = text.replaceAll(tag, () => (id === activity.recipient.id ? ' ' : (name ?? ' ')));
  }
  return text
    .replace(/&(?:nbsp|lt|gt|quot|#39|amp);/g, (entity) => ENTITIES[entity] ?? entity)
    .replace(/\s+/g, ' ')
    .trim()
    .replace(/^\/(?=[a-z])/i, '');
}

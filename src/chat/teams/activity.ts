/** Reads the activities that Teams sends, and the questions m0 asks about them. */
import { z } from 'zod';

const id = z.string().min(1).max(500);
/** An id that m0 can do without: an unexpected value counts as missing. */
const lenientId = id.nullish().catch(undefined);

/** The fields of a Teams activity that m0 reads. All others are ignored. */
const activity = z.object({
  type: z.string().max(100),
  id: id.optional(),
  channelId: z.literal('msteams'),
  serviceUrl: z.string().max(1_000),
  from: z.object({ id, name: z.string().max(500).nullish(), aadObjectId: lenientId }),
  /** `isTargeted`: a slash command, which only its sender sees. */
  recipient: z.object({ id, isTargeted: z.boolean().nullish() }),
  conversation: z.object({
    id,
    conversationType: z.enum(['personal', 'groupChat', 'channel']).optional().catch(undefined),
    tenantId: id.nullish(),
  }),
  channelData: z
    .object({
      tenant: z.object({ id }).nullish(),
      team: z.object({ id }).nullish(),
      channel: z.object({ id }).nullish(),
      eventType: z.string().max(100).nullish(),
    })
    .nullish(),
  name: z.string().max(200).nullish(),
  text: z.string().max(30_000).nullish(),
  entities: z.array(z.unknown()).max(500).nullish(),
  replyToId: lenientId,
  action: z.string().max(100).nullish(),
  membersAdded: z.array(z.object({ id })).max(5_000).nullish(),
  membersRemoved: z.array(z.object({ id })).max(5_000).nullish(),
  value: z.unknown().optional(),
});
export type Activity = z.infer<typeof activity>;

/** The activity in a request's body, or null where the body is not a valid one. */
export function readActivity(body: unknown): Activity | null {
  const parsed = activity.safeParse(body);
  return parsed.success ? parsed.data : null;
}

const clicked = z.object({
  action: z.object({
    type: z.literal('Action.Execute'),
    verb: z.string().max(100),
    data: z.looseObject({
      command: z.string().min(1).max(2_000),
      form: z
        .string()
        .regex(/^f\d{1,4}$/)
        .optional(),
      page: z.int().min(0).max(10_000).optional(),
      file: z.literal(true).optional(),
    }),
  }),
});

/** A click on one of m0's buttons. */
export interface Click {
  readonly verb: string;
  readonly command: string;
  /** The form's values by field name; null where the button belongs to no form. */
  readonly answers: Readonly<Record<string, string>> | null;
  readonly page: number | null;
  /** True where the person wants the answer as a file. */
  readonly file: boolean;
}

/** The click in an invoke's value, or null where the value is none. */
export function readClick(value: unknown): Click | null {
  const parsed = clicked.safeParse(value);
  if (!parsed.success) return null;
  const { verb, data } = parsed.data.action;
  const { command, form, page = null, file = false } = data;
  if (form === undefined) return { verb, command, answers: null, page, file };
  const answers: Record<string, string> = {};
  for (const [key, entry] of Object.entries(data)) {
    if (!key.startsWith(`${form}.`) || typeof entry !== 'string') continue;
    const answer = entry.trim();
    if (answer !== '') answers[key.slice(form.length + 1)] = answer;
  }
  return { verb, command, answers, page, file };
}

/** The conversation's id without the thread, as in m0.yaml. */
export function baseOf(conversationId: string): string {
  return conversationId.split(';messageid=')[0] ?? conversationId;
}

/** The conversation the activity came from, without its thread. */
export function conversationOf({ conversation, channelData }: Activity): string {
  return channelData?.channel?.id ?? baseOf(conversation.id);
}

/** Whether m0 was added to or removed from the conversation; null where neither happened. */
export function membershipChange(activity: Activity): 'added' | 'removed' | null {
  const { type, action, membersAdded, membersRemoved, recipient, channelData } = activity;
  const isM0 = ({ id }: { readonly id: string }): boolean => id === recipient.id;
  switch (type) {
    case 'installationUpdate':
      return /^add\b/i.test(action ?? '') ? 'added' : /^remove\b/i.test(action ?? '') ? 'removed' : null;
    case 'conversationUpdate': {
      if (membersAdded?.some(isM0)) return 'added';
      if (membersRemoved?.some(isM0)) return 'removed';
      const event = channelData?.eventType ?? '';
      if (/^(channel|team)(deleted|harddeleted)$/i.test(event)) return 'removed';
      return /^team(restored|unarchived)$/i.test(event) ? 'added' : null;
    }
    default:
      return null;
  }
}

export function tenantOf({ conversation, channelData }: Activity): string | null {
  return channelData?.tenant?.id ?? conversation.tenantId ?? null;
}

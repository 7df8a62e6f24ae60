import { z } from 'zod';

const id = z.string().min(1).max(500);
/** What m0 can do without: where Teams sends something odd there, it is as if it sent nothing. */
const oddId = id.nullish().catch(undefined);

/** What m0 reads of the activities that Teams sends; everything else in them is left alone. */
const activity = z.object({
  type: z.string().max(100),
  id: id.optional(),
  channelId: z.literal('msteams'),
  serviceUrl: z.string().max(1_000),
  from: z.object({ id, name: z.string().max(500).nullish(), aadObjectId: oddId }),
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
  replyToId: oddId,
  action: z.string().max(100).nullish(),
  membersAdded: z.array(z.object({ id })).max(5_000).nullish(),
  membersRemoved: z.array(z.object({ id })).max(5_000).nullish(),
  value: z.unknown().optional(),
});
export type Activity = z.infer<typeof activity>;

/** The activity in a request's body, or null where it holds none of Teams'. */
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

/** What a click on a button of m0's carries. */
export interface Click {
  readonly verb: string;
  readonly command: string;
  /** What was filled in, by field name; null where the button is not one of a form. */
  readonly answers: Readonly<Record<string, string>> | null;
  readonly page: number | null;
  /** The answer is wanted as a file. */
  readonly file: boolean;
}

/** The click in the value of an invoke, or null where it is none. */
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

/** The conversation without the thread in it, as it is named in m0.yaml. */
export function baseOf(conversationId: string): string {
  return conversationId.split(';messageid=')[0] ?? conversationId;
}

/** Where the activity came from, without its thread. */
export function conversationOf({ conversation, channelData }: Activity): string {
  return channelData?.channel?.id ?? baseOf(conversation.id);
}

/** What an activity says of m0's place there: it may write there from now on, or no more; null: nothing new. */
export function moveIn(activity: Activity): 'in' | 'out' | null {
  const { type, action, membersAdded, membersRemoved, recipient, channelData } = activity;
  const isM0 = ({ id }: { readonly id: string }): boolean => id === recipient.id;
  switch (type) {
    case 'installationUpdate':
      return /^add\b/i.test(action ?? '') ? 'in' : /^remove\b/i.test(action ?? '') ? 'out' : null;
    case 'conversationUpdate': {
      if (membersAdded?.some(isM0)) return 'in';
      if (membersRemoved?.some(isM0)) return 'out';
      const event = channelData?.eventType ?? '';
      if (/^(channel|team)(deleted|harddeleted)$/i.test(event)) return 'out';
      return /^team(restored|unarchived)$/i.test(event) ? 'in' : null;
    }
    default:
      return null;
  }
}

export function tenantOf({ conversation, channelData }: Activity): string | null {
  return channelData?.tenant?.id ?? conversation.tenantId ?? null;
}

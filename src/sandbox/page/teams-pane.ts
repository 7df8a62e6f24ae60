/** The Teams part of the page: what it shows, and what people do in it. */
import { assertNever } from '../../base/assert-never.ts';
import { menuCommands } from '../teams/commands.ts';
import type { LocalTeams } from '../teams/teams.ts';
import type { Act, ActAnswer, PageTeams } from './protocol.ts';

/** Only this many messages per conversation are sent to the page. */
const MAX_MESSAGES = 300;

const NOT_THERE: ActAnswer = { ok: false, problem: 'This is no longer here.' };

export type TeamsAct = Extract<Act, { act: `teams-${string}` }>;

export interface TeamsPane {
  readonly local: LocalTeams;
  /** What a person sees now; null for somebody who is not in Teams. */
  snapshot(userId: string): PageTeams | null;
  perform(act: TeamsAct): Promise<ActAnswer>;
}

/** `idOf` returns the Entra object id of a person of the page. */
export async function createTeamsPane(
  local: LocalTeams,
  idOf: (userId: string) => string | undefined,
): Promise<TeamsPane> {
  const commands = await menuCommands();
  const { organisation, bot } = local;
  const names = {
    ...Object.fromEntries(organisation.people.map((p) => [p.aadObjectId, p.name])),
    [organisation.botId]: bot.name,
  };
  const seen = (me: string, id: string) =>
    organisation
      .conversationsOf(me, bot.name)
      .flatMap((conversation) => organisation.seenBy(me, conversation.id))
      .find((message) => message.id === id);
  return {
    local,
    snapshot(userId) {
      const me = idOf(userId);
      if (me === undefined) return null;
      return {
        me,
        bot: organisation.botId,
        names,
        team: organisation.teams[0]?.name ?? '',
        conversations: organisation.conversationsOf(me, bot.name).map((conversation) => ({
          ...conversation,
          messages: organisation.seenBy(me, conversation.id).slice(-MAX_MESSAGES),
        })),
        commands,
        botIsHere: bot.isConnected,
      };
    },
    async perform(act) {
      const me = idOf(act.as);
      if (me === undefined) return { ok: false, problem: `${act.as} is not in Teams.` };
      const person = local.as(me);
      switch (act.act) {
        case 'teams-say': {
          const { conversation, text, thread } = act;
          const isTheirs = organisation.conversationsOf(me, bot.name).some((c) => c.id === conversation);
          if (!isTheirs) return { ok: false, problem: 'You are not in that conversation.' };
          const [, command = '', rest = ''] = /^\/(\w+)\s*([\s\S]*)$/.exec(text) ?? [];
          if (command !== '' && !commands.some((c) => c.title === command)) {
            return { ok: false, problem: `Teams offers no command /${command}. Mention @m0 instead.` };
          }
          if (command !== '' && thread !== null) {
            return { ok: false, problem: 'Slash commands do not work in replies. Mention @m0 instead.' };
          }
          if (command === '') await person.say(conversation, text, thread);
          else await person.slash(conversation, `${command} ${rest}`.trim());
          return { ok: true };
        }
        case 'teams-click': {
          const message = seen(me, act.message);
          if (message === undefined) return NOT_THERE;
          const { title, verb, data } = act;
          const { status, bar, card } = await person.press(message, { title, verb, data });
          return status === 200
            ? { ok: true, bar, card }
            : { ok: false, problem: `m0 did not take this (HTTP ${status}).` };
        }
        case 'teams-file': {
          const message = seen(me, act.message);
          if (message?.file?.kind !== 'offered') return NOT_THERE;
          const status = await (act.take ? person.acceptFile(message) : person.declineFile(message));
          return status === 200
            ? { ok: true }
            : { ok: false, problem: `m0 did not take this (HTTP ${status}).` };
        }
        default:
          return assertNever(act);
      }
    },
  };
}

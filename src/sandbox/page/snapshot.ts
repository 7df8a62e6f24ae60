/** Builds what the page shows to one person. */
import type { Workspace } from '../workspace/workspace.ts';
import type { PageFile, Snapshot } from './protocol.ts';

/** Only this many messages per channel are sent to the page. */
const MAX_MESSAGES = 300;
const PREVIEW_CHARACTERS = 1500;

/** Everything that one person sees now. */
export function snapshot(
  workspace: Workspace,
  userId: string,
  rest: Pick<Snapshot, 'teams' | 'status' | 'actions' | 'facts' | 'gitHost'>,
): Snapshot {
  const person = workspace.as(userId);
  workspace.dm(userId);
  const channels = workspace.channelsOf(userId).map(({ id, name, kind }) => ({
    id,
    name: kind === 'im' ? workspace.botUserId : name,
    kind,
    messages: person.sees(id).slice(-MAX_MESSAGES),
  }));
  const fileIds = channels.flatMap((channel) => channel.messages.flatMap((message) => message.files));
  return {
    me: userId,
    bot: workspace.botUserId,
    people: workspace.users
      .filter((user) => user.id !== workspace.botUserId)
      .map(({ id, name, realName, title }) => ({ id, name, realName, title: title ?? '' })),
    names: Object.fromEntries(workspace.users.map((user) => [user.id, user.realName])),
    channels,
    files: Object.fromEntries(
      fileIds.flatMap((id) => pageFile(workspace, id) ?? []).map((file) => [file.id, file]),
    ),
    views: person.views,
    home: person.home,
    commands: workspace.commands,
    botIsHere: workspace.connections > 0,
    ...rest,
  };
}

function pageFile(workspace: Workspace, id: string): PageFile | null {
  const file = workspace.file(id);
  if (!file) return null;
  const preview = file.bytes.toString('utf8').slice(0, PREVIEW_CHARACTERS);
  return { id, name: file.name, title: file.title, size: file.bytes.length, preview };
}

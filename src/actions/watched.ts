/** The command `stacks`: what is watched and why, and which roots are not. */
import { stacksCard, stacksPages } from '../messages/stacks-card.ts';
import type { StackSettingsView, WatchingView } from '../messages/view-watching.ts';
import type { Directory, Stack } from '../model/directory.ts';
import type { Watching } from '../model/watching.ts';
import type { Reply } from '../ports/chat.ts';
import { type ActionParts, privately } from './parts.ts';
import { targeted } from './targets.ts';

/** What is watched. Without rules by which m0 finds stacks: those that m0.yaml writes out. */
export function watchingOf({ watching, stacks }: Pick<Directory, 'watching' | 'stacks'>): Watching {
  if (watching !== undefined) return watching;
  return {
    stacks: stacks.map(({ name, source, workspace }) => ({
      ...{ stack: name, repository: '', ref: source.ref, path: source.path, workspace },
      ...{ by: 'stacks', nameOfFolder: null, notes: [] },
    })),
    left: [],
    problems: [],
  };
}

/** What a stack is watched with, for people. */
export function settingsOf(stack: Stack): StackSettingsView {
  return {
    environment: stack.environment,
    schedule: stack.schedule,
    approvers: stack.approvers,
    policies: stack.policies.map((p) => p.name),
    realign: stack.realign,
  };
}

/** `stacks [TARGET]`: answers privately, in pages where there are many. */
export function stacks(parts: ActionParts, target: string | null): Reply {
  const { directory } = parts;
  const meant = target === null ? directory.stacks : targeted(parts, 'stacks', target);
  if ('type' in meant) return meant;
  const names = new Set(meant.map((s) => s.name));
  const all = watchingOf(directory);
  const watching: Watching =
    target === null
      ? all
      : { stacks: all.stacks.filter((one) => names.has(one.stack)), left: [], problems: [] };
  const view: WatchingView = {
    target,
    looks: directory.watching !== undefined,
    watching,
    settings: new Map(meant.map((stack) => [stack.name, settingsOf(stack)])),
  };
  const pages = stacksPages(view);
  return pages === null ? privately(stacksCard(view)) : { type: 'pages', pages };
}

/** Answers a text that is no command: with what waits here, where only the run is missing. */
import { directoryWithSubscriptions, isDirect, isReportedIn } from '../alerts/subscriptions.ts';
import type { ParseResult, WithoutRun } from '../commands/command.ts';
import { GRAMMAR } from '../commands/grammar.ts';
import { plainTarget, resolveTarget } from '../commands/target.ts';
import { problemCard } from '../messages/short-cards.ts';
import type { Stack } from '../model/directory.ts';
import type { Run } from '../model/run.ts';
import type { Incoming, Reply } from '../ports/chat.ts';
import { type ActionParts, privately } from './parts.ts';

/** The most runs that are offered. With more, a person must look at them first. */
const MOST_OFFERED = 3;

/** Names of all stacks and environments, for suggestions. */
export function targetNames({ directory }: ActionParts): readonly string[] {
  return [...new Set(directory.stacks.flatMap((s) => [s.name, s.environment]))];
}

/** The stacks that the text may be about: those of the target, or those that are reported in this place. */
async function stacksAbout(
  parts: ActionParts,
  { place }: Incoming,
  { target }: WithoutRun,
): Promise<readonly Stack[]> {
  const { stacks } = await directoryWithSubscriptions(parts);
  const meant = target === null ? null : resolveTarget(plainTarget(target, stacks), stacks);
  if (meant?.ok) return stacks.filter((s) => meant.stacks.includes(s.name));
  return isDirect(place) ? stacks : stacks.filter((s) => isReportedIn(s, place));
}

async function waitingRuns(
  parts: ActionParts,
  incoming: Incoming,
  without: WithoutRun,
): Promise<readonly Run[]> {
  const names = new Set((await stacksAbout(parts, incoming, without)).map((s) => s.name));
  const waiting = await parts.store.runs({ states: ['awaiting_approval'] });
  return waiting.filter((run) => names.has(run.stack));
}

/**
 * The private answer to a text that could not be parsed. Nothing is decided by it: a decision that it suggests is a
 * button with a confirmation, and only if exactly one run waits.
 */
export async function answerProblem(
  parts: ActionParts,
  incoming: Incoming,
  { problem, suggestion, others, withoutRun }: Extract<ParseResult, { readonly ok: false }>,
): Promise<Reply> {
  if (suggestion !== null || withoutRun === undefined)
    return privately(problemCard(problem, suggestion, others));
  const { command } = withoutRun;
  const runs = await waitingRuns(parts, incoming, withoutRun);
  const [only] = runs;
  if (only !== undefined && runs.length === 1) {
    return privately(problemCard(problem, `${command} #${only.id}`));
  }
  if (only === undefined || runs.length > MOST_OFFERED || GRAMMAR[command].effect === 'decides') {
    const waits = runs.map((run) => `#${run.id} (${run.stack})`).slice(0, MOST_OFFERED);
    const more = runs.length > waits.length ? ` and ${runs.length - waits.length} more` : '';
    return privately(
      problemCard(only === undefined ? problem : `${problem} Waiting: ${waits.join(', ')}${more}.`, null),
    );
  }
  const [first = null, ...rest] = runs.map((run) => `${command} #${run.id}`);
  return privately(problemCard(problem, first, rest));
}

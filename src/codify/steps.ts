/** What m0 does next for a finding on its way into the code. Each step may be made again after a crash. */

import { causeViewOf } from '../alerts/cause-view.ts';
import { assertNever } from '../base/assert-never.ts';
import { errorText } from '../base/error-text.ts';
import type { Finding } from '../drift/finding.ts';
import { causeSentence } from '../messages/cause-card.ts';
import { againstWords, editWords, proofWords } from '../messages/codify-words.ts';
import { causeOf } from '../model/cause.ts';
import { type Codification, pullRequestName } from '../model/codification.ts';
import type { Stack } from '../model/directory.ts';
import type { Run } from '../model/run.ts';
import { M0 } from '../model/run.ts';
import { personsIn } from '../people/permissions.ts';
import { type Forge, ForgeError, type Publication, type PullRequest } from '../ports/forge.ts';
import { listed } from '../text/words.ts';
import { askerObjection, madeByAsker } from './asker.ts';
import { move, moveAndKeep, moveAndRelease, type Told } from './moves.ts';
import type { CodifyParts } from './parts.ts';
import { propose } from './propose.ts';
import { elsewhere, provenFor } from './proven-for.ts';
import { bodyOf, titleOf } from './texts.ts';

/** How often m0 asks the host about an open pull request. */
const ASK_MS = 60_000;
/** After a failure: when it is tried again, by the number of failures in a row. */
const WAITS_MS = [30_000, 2 * 60_000, 10 * 60_000, 60 * 60_000] as const;
/** How many failures in a row end what has published nothing yet. */
const MOST_TRIES = 4;
/** How many in a row end what has a pull request: about four hours of refusals, or a day of a host that is away. */
const MOST_REFUSALS = 8;
const MOST_LOST = 27;
/** The states of runs whose findings say what the newest plan found. */
const SETTLED = ['clean', 'quiet', 'awaiting_approval', 'denied', 'realigned', 'rejected'] as const;

const UNWATCHED = 'the stack is no longer watched';

/** Moves it on as far as it goes now. Rejects if the store fails; every other failure is stored and tried again. */
export async function advance(parts: CodifyParts, one: Codification, signal: AbortSignal): Promise<void> {
  const stack = parts.directory.stacks.find(({ name }) => name === one.stack);
  try {
    if (stack === undefined) await end(parts, stack, one, UNWATCHED);
    else await next(parts, stack, one, signal);
  } catch (error) {
    if (signal.aborted) return;
    await failed(parts, stack, one, error);
  }
}

async function next(parts: CodifyParts, stack: Stack, one: Codification, signal: AbortSignal): Promise<void> {
  switch (one.state) {
    case 'asked':
      return move(parts, one, { state: 'proving' }, { line: null, action: null });
    case 'proving':
      return prove(parts, stack, one, signal);
    case 'proven':
      return one.unwritable === null ? publish(parts, stack, one, signal) : followPatch(parts, stack, one);
    case 'open':
      return followOpen(parts, stack, one, signal);
    case 'merged':
      return followMerged(parts, stack, one);
    case 'done':
    case 'refused':
    case 'disagreed':
    case 'closed':
    case 'failed':
      return;
    default:
      return assertNever(one.state);
  }
}

const MOVED = 'the drift changed since it was asked about: ask again on the newest card';

async function prove(
  parts: CodifyParts,
  stack: Stack,
  one: Codification,
  signal: AbortSignal,
): Promise<void> {
  // Before the plans, because another m0.yaml may come into use during them.
  const by = provenFor(parts, one.stack);
  const proposal = await propose(parts, stack, one, signal);
  switch (proposal.type) {
    case 'gone':
      return end(parts, stack, one, 'it no longer drifts', signal);
    case 'moved':
      return end(parts, stack, one, MOVED, signal);
    case 'refused': {
      const { why, asks } = proposal;
      const told: Told = {
        line: `${one.address} can’t be put into the code: ${why}`,
        action: 'codify-ended',
      };
      if (one.pullRequest !== null)
        return end(parts, stack, one, `the drift changed, and now ${why}`, signal);
      return move(parts, one, { state: 'refused', why, asks, patch: '', ...QUIET }, told);
    }
    case 'unprovable': {
      const { type: _, ...found } = proposal;
      if (one.pullRequest !== null)
        return end(parts, stack, { ...one, ...found }, `the drift changed, and now ${found.why}`, signal);
      const line = `${one.address} was not put into the code: ${found.why}. Nothing was pushed. The patch is on the card`;
      return move(parts, one, { ...found, state: 'refused', ...QUIET }, { line, action: 'codify-ended' });
    }
    case 'proposed': {
      const { type: _, ...found } = proposal;
      const against = againstWords(found);
      if (against.length > 0) {
        const why = `a plan with the edit does not agree: ${against.join('; ')}`;
        const line = `Tried to put ${one.address} into the code: ${editWords(found)}. Nothing was pushed, because ${why}`;
        if (one.pullRequest !== null)
          return end(parts, stack, { ...one, ...found }, `the drift changed, and ${why}`, signal);
        return move(
          parts,
          one,
          { ...found, state: 'disagreed', why, ...QUIET },
          { line, action: 'codify-ended' },
        );
      }
      const unwritable =
        parts.forge === null
          ? 'm0 is not set up to write to repositories.'
          : parts.forge.refusal(stack.source.git);
      const holdsFor = by === null ? {} : { provenFor: by };
      const proven = { ...found, ...holdsFor, state: 'proven', unwritable, ...QUIET } as const;
      const words = proofWords({ ...one, ...found });
      const line =
        unwritable === null ? null : `${editWords(found)} · ${words}. ${unwritable} The patch is on the card`;
      return move(parts, one, proven, { line, action: 'codify-proven' });
    }
    default:
      return assertNever(proposal);
  }
}

/** Of a step that went well. */
const QUIET = { trouble: null, tries: 0, dueAt: 0 } as const;

function forgeOf({ forge }: CodifyParts): Forge {
  if (forge === null) throw new ForgeError('m0 is not set up to write to repositories', { permanent: true });
  return forge;
}

async function publish(
  parts: CodifyParts,
  stack: Stack,
  one: Codification,
  signal: AbortSignal,
): Promise<void> {
  // What was proven may have ended or moved while m0 waited for the host, and the log may have told who did it.
  const now = one.tries === 0 ? { type: 'same' as const } : await newestPlan(parts, one);
  if (now.type === 'gone') return end(parts, stack, one, 'it no longer drifts', signal);
  if (now.type === 'moved') return end(parts, stack, one, MOVED, signal);
  const publication = await publicationOf(parts, stack, one);
  const objection = await askerObjection(parts, one);
  if (objection !== null) return end(parts, stack, one, objection, signal);
  const moved = one.pullRequest && elsewhere(one.pullRequest, newestOf(parts, stack), parts.code);
  if (moved !== null) return end(parts, stack, one, moved, signal);
  // Nothing is awaited between this and the push.
  if (one.provenFor !== provenFor(parts, one.stack)) {
    const line = `${one.address}: m0.yaml has changed since the edit was proven, so it is proven anew`;
    return move(parts, one, { state: 'asked', ...QUIET }, { line, action: null });
  }
  const pullRequest = await forgeOf(parts).publish(publication, signal);
  const change = { state: 'open', pullRequest, ...QUIET, dueAt: parts.clock() + ASK_MS } as const;
  const verb = one.pullRequest === null ? 'is open' : 'follows the drift';
  const line = `${pullRequestName(pullRequest)} ${verb}: ${editWords(one)} · ${proofWords(one)}`;
  await moveAndKeep(parts, stack, one, change, { line, action: 'codify-open' });
}

/** The stack as m0.yaml has it now. */
function newestOf({ directory }: CodifyParts, stack: Stack): Stack {
  return directory.stacks.find(({ name }) => name === stack.name) ?? stack;
}

async function publicationOf(parts: CodifyParts, stack: Stack, one: Codification): Promise<Publication> {
  const { git, ref } = stack.source;
  if (one.commit === null) throw new Error('publishing an edit: there is no commit of it');
  const run = await parts.store.run(one.run);
  const finding = run?.findings.find((each) => each.address === one.address) ?? null;
  const approvers = personsIn(stack.approvers.from, parts.directory, await parts.onCall());
  const reviewers = parts.directory.people.filter(
    ({ key, email, github, gitlab }) =>
      approvers.has(key) && key !== one.by.person && (email ?? github ?? gitlab) != null,
  );
  return {
    ...{ git, base: ref, branch: one.branch, repository: parts.code.directory(git), commit: one.commit },
    title: titleOf(one),
    body: bodyOf(one, finding, await causeOfFinding(parts, finding, stack), await chatLink(parts, one)),
    reviewers: reviewers.map(({ email, github, gitlab }) => ({
      email,
      ...(github === undefined ? {} : { github }),
      ...(gitlab === undefined ? {} : { gitlab }),
    })),
  };
}

/** Who changed the cloud, in the card's words; null where nothing has looked, or the log is not there yet. */
async function causeOfFinding(
  { store, directory, clock }: CodifyParts,
  finding: Finding | null,
  { name, timezone }: Stack,
): Promise<string | null> {
  const cause = finding === null ? undefined : causeOf(finding, await store.causes(name));
  if (finding === null || cause === undefined || cause.status === 'pending') return null;
  const { cause: view } = causeViewOf([cause], directory, clock())(finding);
  return view === undefined ? null : causeSentence(view, timezone);
}

/** The address of the card in chat; null where there is none. */
async function chatLink({ store, chats }: CodifyParts, { alert }: Codification): Promise<string | null> {
  const messages = alert === null ? [] : await store.messages(alert);
  const root = messages.find(({ role }) => role === 'root');
  if (root === undefined) return null;
  return (await chats.get(root.platform)?.linkTo(root.channel, root.messageId)) ?? null;
}

/** What the newest plan since it was asked says of the finding. */
async function newestPlan(
  { store }: CodifyParts,
  one: Codification,
): Promise<
  | { readonly type: 'same' | 'gone' }
  | { readonly type: 'moved'; readonly run: Run; readonly fingerprint: string }
> {
  const [run] = await store.runs({ stack: one.stack, states: SETTLED, limit: 1 });
  if (run === undefined || run.id <= one.run) return { type: 'same' };
  const finding = run.findings.find((each) => each.address === one.address && each.actionable);
  if (finding === undefined) return { type: 'gone' };
  if (finding.fingerprint === one.fingerprint) return { type: 'same' };
  return { type: 'moved', run, fingerprint: finding.fingerprint };
}

async function followPatch(parts: CodifyParts, stack: Stack, one: Codification): Promise<void> {
  const now = await newestPlan(parts, one);
  if (now.type === 'gone') await end(parts, stack, one, 'it no longer drifts');
  if (now.type === 'moved') await end(parts, stack, one, MOVED);
}

async function followOpen(
  parts: CodifyParts,
  stack: Stack,
  one: Codification,
  signal: AbortSignal,
): Promise<void> {
  const now = await newestPlan(parts, one);
  // Who made it may be known only since the pull request was opened.
  const made = madeByAsker(one, stack, parts.directory, await parts.store.causes(one.stack));
  const pullRequest = one.pullRequest as PullRequest;
  const over = made ?? elsewhere(pullRequest, stack, parts.code);
  const due = one.dueAt <= parts.clock() || (over !== null && one.trouble === null);
  if (!due && (now.type === 'same' || one.trouble !== null)) return;
  const found = await forgeOf(parts).state(pullRequest, signal);
  const name = pullRequestName(pullRequest);
  const by = 'by' in found && found.by !== null ? ` by ${found.by}` : '';
  if (found.state === 'merged') {
    const at = parts.clock();
    const change = { state: 'merged', mergedBy: found.by, mergedAt: at, ...QUIET } as const;
    const told: Told = { line: `${name} was merged${by}: checking`, action: 'codify-merged' };
    return move(parts, one, change, told);
  }
  if (found.state === 'closed') {
    const why = `${name} was closed${by}`;
    const told: Told = { line: `${why}: ${one.address} is no longer left as it is`, action: 'codify-ended' };
    return moveAndRelease(parts, stack, one, { state: 'closed', why, ...QUIET }, told, null);
  }
  if (over !== null) return end(parts, stack, one, over, signal);
  switch (now.type) {
    case 'same':
      return store(parts, one, { ...QUIET, dueAt: parts.clock() + ASK_MS });
    case 'gone':
      return end(parts, stack, one, 'it no longer drifts', signal);
    case 'moved': {
      const { run, fingerprint } = now;
      const told: Told = { line: `${one.address} moved: editing ${name} anew`, action: null };
      const change = { state: 'asked', run: run.id, fingerprint, ...QUIET } as const;
      return moveAndRelease(parts, stack, one, change, told, `the drift moved: ${name} follows it`);
    }
    default:
      return assertNever(now);
  }
}

/** Stores a change that no card or history tells. */
async function store(parts: CodifyParts, one: Codification, change: Partial<Codification>): Promise<void> {
  await parts.worker.write(one.stack, async () => {
    const stored = await parts.store.codification(one.id);
    if (stored?.version !== one.version) return [];
    const codification = { ...one, ...change };
    return [{ type: 'codification.update', codification, was: { state: one.state, version: one.version } }];
  });
}

async function followMerged(parts: CodifyParts, stack: Stack, one: Codification): Promise<void> {
  const { mergedCheck } = one;
  if (mergedCheck === undefined) {
    // Asked for by the worker, so that the code is fetched again: an earlier fetch may not have the merge. It may be one
    // that is queued already. Asking once more before it is made would only wake this again.
    const check = await parts.worker.check(stack, 'push', M0);
    return store(parts, one, { mergedCheck: check.id });
  }
  const [run] = await parts.store.runs({ stack: one.stack, states: SETTLED, limit: 1 });
  if (run === undefined || run.id < mergedCheck) return;
  const name = one.pullRequest === null ? 'the pull request' : pullRequestName(one.pullRequest);
  if (run.findings.some((each) => each.address === one.address && each.actionable)) {
    return end(parts, stack, one, `${name} was merged, but run #${run.id} still finds the drift`);
  }
  const by = one.mergedBy === null ? '' : ` by ${one.mergedBy}`;
  const line = `${one.address}: merged${by}, next check clean (run #${run.id}), in the code since ${name}`;
  await moveAndRelease(
    parts,
    stack,
    one,
    { state: 'done', ...QUIET },
    { line, action: 'codify-done' },
    `in the code since ${name}`,
  );
}

/** Ends it without the code: its pull request is closed with the reason, and people are asked about the drift again. */
async function end(
  parts: CodifyParts,
  stack: Stack | undefined,
  one: Codification,
  why: string,
  signal: AbortSignal = AbortSignal.timeout(ASK_MS),
): Promise<void> {
  const { pullRequest } = one;
  if (pullRequest !== null && one.state !== 'merged' && parts.forge !== null) {
    await parts.forge.close(pullRequest, `m0 closes this: ${why}.`, signal);
  }
  const told: Told = { line: `${one.address} was not put into the code: ${why}`, action: 'codify-ended' };
  await moveAndRelease(parts, stack, one, { state: 'closed', why, ...QUIET }, told, null);
}

/** Stores a failure: it is tried again, or ends what has published nothing. */
async function failed(
  parts: CodifyParts,
  stack: Stack | undefined,
  one: Codification,
  error: unknown,
): Promise<void> {
  const trouble = errorText(error);
  parts.log.warn({ err: error, stack: one.stack, codification: one.id }, 'a step into the code failed');
  const stored = await parts.store.codification(one.id);
  if (stored === undefined || stored.version !== one.version) return;
  const tries = one.tries + 1;
  const permanent = error instanceof ForgeError && error.permanent;
  const silent: Told = { line: null, action: null };
  if (one.state === 'proven' && (permanent || tries >= MOST_TRIES) && one.pullRequest === null) {
    // The edit is proven, so it is given to people in another way.
    const unwritable = `The pull request could not be opened: ${trouble}.`;
    const line = `${listed(one.edits.map(({ says }) => says))}. ${unwritable} The patch is on the card`;
    return move(parts, one, { unwritable, ...QUIET }, { line, action: null });
  }
  if (one.state === 'proving' && tries >= MOST_TRIES && one.pullRequest === null) {
    const told: Told = {
      line: `${one.address} was not put into the code: ${trouble}`,
      action: 'codify-ended',
    };
    return move(parts, one, { state: 'failed', why: trouble, ...QUIET }, told);
  }
  if (
    one.pullRequest !== null &&
    one.state !== 'merged' &&
    tries >= (permanent ? MOST_REFUSALS : MOST_LOST)
  ) {
    // Nothing may be left as it is for the sake of a pull request that nobody can look at.
    const why = `m0 can no longer follow ${pullRequestName(one.pullRequest)}: ${trouble}`;
    const told: Told = { line: `${one.address} is no longer left as it is: ${why}`, action: 'codify-ended' };
    return moveAndRelease(parts, stack, one, { state: 'closed', why, ...QUIET }, told, null);
  }
  const asked = error instanceof ForgeError ? error.retryAfterMs : null;
  const wait = asked ?? WAITS_MS[Math.min(tries, WAITS_MS.length) - 1] ?? ASK_MS;
  await move(parts, one, { trouble, tries, dueAt: parts.clock() + wait }, silent);
}

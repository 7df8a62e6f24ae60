/** The card of a policy that can't be used. */
import { seenText } from '../commands/text.ts';
import { instant } from '../text/instant.ts';
import { capitalize, clip, headlineOf, listed, shortCommit, sourceName } from '../text/words.ts';
import type { Block, Card } from './card.ts';
import { context, dotted, line, person, strong, text, time } from './spans.ts';
import { timedHeadline } from './timed.ts';
import type { PolicyAlertView } from './view.ts';

/** The longest compiler error on a card, in characters. */
const MESSAGE = 1500;
const STACKS = 5;

/**
 * The card of a policy whose newest commit can't be used: posted once, updated in place, closed when the policy
 * works again.
 */
export function policyAlertCard(view: PolicyAlertView): Card {
  const { policy, inUse, seen } = view;
  const meta = context(
    ...dotted([
      [text(sourceName(view.source))],
      [text(stacksOf(view))],
      [text('since '), time(view.since, view)],
    ]),
  );
  const message = line(text(clip(capitalize(view.error), MESSAGE)));
  if (view.resolvedAt !== null) {
    return {
      ...timedHeadline(`Policy ${policy} is in order since ${instant(view.resolvedAt)}`, view),
      tone: 'good',
      blocks: [meta, line(strong('Last error: '), text(clip(view.error, MESSAGE)))],
    };
  }
  const what = view.refused === null ? 'can’t be fetched' : `is broken at ${shortCommit(view.refused)}`;
  if (seen !== null) {
    return {
      headline: headlineOf(`Policy ${policy} ${what}: ${shortCommit(inUse ?? '')} decides again`),
      tone: 'plain',
      blocks: [
        meta,
        message,
        {
          type: 'outcome',
          spans: [
            person(seen.by),
            text(' has seen it · '),
            time(seen.at, view),
            text(' · until a new commit'),
          ],
        },
      ],
    };
  }
  return {
    headline: headlineOf(`Policy ${policy} ${what}: nothing is applied by itself`),
    tone: 'bad',
    blocks: [meta, message, line(), ...waysOut(view)],
  };
}

function stacksOf({ stacks }: PolicyAlertView): string {
  const more = stacks.length - STACKS;
  return more > 0 ? `${stacks.slice(0, STACKS).join(', ')} and ${more} more` : listed(stacks);
}

function waysOut(view: PolicyAlertView): readonly Block[] {
  const { inUse, policy } = view;
  if (inUse === null) {
    return [line(text('No commit of it was ever good, so people decide until the policy is fixed.'))];
  }
  const good = shortCommit(inUse);
  return [
    line(
      text(`The last good commit, ${good}, can still deny; people decide all else. `),
      text('Fix the policy, or let m0 go on with that commit.'),
    ),
    {
      type: 'buttons',
      buttons: [
        {
          label: `Go on with ${good}`,
          command: seenText(policy, view.troubleId),
          confirm: {
            title: `Go on with ${good}?`,
            body: `m0 again applies by itself what this commit of ${clip(policy, 60)} allows, until the policy changes.`,
            confirm: 'Go on',
          },
        },
      ],
    },
  ];
}

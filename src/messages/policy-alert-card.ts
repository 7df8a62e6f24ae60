import { seenText } from '../commands/text.ts';
import type { Block, Card } from './card.ts';
import { context, dotted, line, person, strong, text, time } from './spans.ts';
import type { PolicyAlertView } from './view.ts';
import { whenText } from './when.ts';
import { capital, clip, count, headlineOf, listed, shortCommit } from './words.ts';

/** A compiler's text on a card, in characters. */
const MESSAGE = 1500;
const STACKS = 5;

/** A policy whose newest commit can't be used: told once, updated in place, closed once it is mended. */
export function policyAlertCard(view: PolicyAlertView): Card {
  const { policy, stacks, inUse } = view;
  const more = stacks.length - STACKS;
  const about = `${listed(stacks.slice(0, STACKS))}${more > 0 ? ` and ${more} more` : ''}`;
  const meta = context(
    ...dotted([[text(count(stacks.length, 'stack'))], [text(view.source)], [time(view.since, view)]]),
  );
  const message = line(strong('Git and opa say: '), text(clip(capital(view.error), MESSAGE)));
  if (view.resolvedAt !== null) {
    return {
      headline: headlineOf(
        `Policy ${policy} is in order since ${whenText(view.resolvedAt, view.now, view.zone)}`,
      ),
      tone: 'good',
      blocks: [meta, message],
    };
  }
  const what =
    view.refused === null ? 'its repository can’t be read' : `commit ${shortCommit(view.refused)} is refused`;
  const asked =
    inUse === null
      ? 'no commit of it was ever good'
      : `the last good one, ${shortCommit(inUse)}, is still asked`;
  const blocks: Block[] = [meta, message];
  if (view.seen !== null) {
    blocks.push(
      line(
        ...[person(view.seen.by), text(` has seen it ${whenText(view.seen.at, view.now, view.zone)}: `)],
        text(`${shortCommit(inUse ?? '')} decides by itself until the policy moves again`),
      ),
    );
  } else {
    blocks.push(
      line(
        text(
          `Nothing is applied by itself on ${about} until this is mended${inUse === null ? '' : ', or somebody who may approve there lets m0 go on'}.`,
        ),
      ),
    );
    if (inUse !== null) {
      blocks.push({
        b: 'buttons',
        buttons: [
          {
            label: `Go on with ${shortCommit(inUse)}`,
            command: seenText(policy, view.troubleId),
            confirm: {
              title: `Go on with ${shortCommit(inUse)}?`,
              body: `The policy ${policy} decides by its last good commit again, for ${about}, and m0 applies by itself what it allows. The refused commit stays refused.`,
              confirm: 'Go on',
            },
          },
        ],
      });
    }
  }
  return {
    headline: headlineOf(`Policy ${policy}: ${what}; ${asked}`),
    tone: view.seen === null ? 'bad' : 'plain',
    blocks,
  };
}

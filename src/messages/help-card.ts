/** The help card, built from the grammar. */
import type { CommandName } from '../commands/command.ts';
import { COMMAND_NAMES, EFFECTS, type Effect, GRAMMAR, isCommandName, usageOf } from '../commands/grammar.ts';
import { headlineOf } from '../text/words.ts';
import type { Block, Card } from './card.ts';
import { code, command, context, line, strong, text } from './spans.ts';

const GROUPS: readonly (readonly [Effect, string])[] = [
  ['looks', 'Look'],
  ['checks', 'Check'],
  ['asks', 'Ask'],
  ['decides', 'Decide'],
  ['exempts', 'Leave as it is'],
  ['stops', 'Emergency stop'],
  ['settings', 'This channel'],
];

function topicCard(name: CommandName): Card {
  const { help, examples, effect } = GRAMMAR[name];
  return {
    headline: headlineOf(`${name}: ${help}`),
    tone: 'plain',
    blocks: [
      line(code(usageOf(name))),
      context(text(EFFECTS[effect])),
      ...examples.map((example) => line(text('For example  '), code(example))),
    ],
  };
}

/** All commands, or how to type one of them. */
export function helpCard(topic: string | null): Card {
  if (topic !== null && isCommandName(topic)) return topicCard(topic);
  return {
    headline: 'What I can do',
    tone: 'plain',
    blocks: [
      ...GROUPS.flatMap(([effect, title], i): readonly Block[] => [
        ...(i === 0 ? [] : [line()]),
        line(strong(title)),
        ...COMMAND_NAMES.filter((name) => GRAMMAR[name].effect === effect).map((name) =>
          line(code(usageOf(name)), text(`  ${GRAMMAR[name].help}`)),
        ),
      ]),
      context(
        text('TARGET is a stack, an environment or a pattern such as '),
        code('prod-*'),
        text('. FOR is '),
        code('2h'),
        text(', '),
        code('3d'),
        text(' or '),
        code('until monday 9:00'),
        text('. More about one: '),
        command('help snooze'),
      ),
    ],
  };
}

/** Shows a card once in a channel, as a try: nobody can decide anything on it. */
import { randomUUID } from 'node:crypto';
import { createLogger } from '../../base/log.ts';
import type { Environment } from '../../config/environment.ts';
import type { Card } from '../../messages/card.ts';
import { context, strong, text } from '../../messages/spans.ts';
import type { Place } from '../../model/directory.ts';
import { ChatError, type ChatPort } from '../../ports/chat.ts';
import type { Store } from '../../ports/store.ts';
import { headlineOf } from '../../text/words.ts';

/** The card without its buttons, and with a line that says what it is. */
export function asTry(card: Card): Card {
  const { title: _, ...rest } = card;
  const mark = context(
    strong('A try with m0 check. '),
    text('Nothing was stored and nothing is applied, and m0 does not answer here about it.'),
  );
  const blocks = card.blocks.filter(({ type }) => type !== 'buttons');
  return { ...rest, headline: headlineOf(`Try: ${card.headline}`), blocks: [mark, ...blocks] };
}

/**
 * Posts to Slack with SLACK_BOT_TOKEN, or to Teams as the bot of MICROSOFT_APP_ID. `memory`: what m0 knows of
 * conversations in Teams. Mentions nobody. Rejects with a ChatError, or an Error that names the missing variable.
 */
export async function postOnce(
  place: Place,
  cards: readonly Card[],
  { environment, memory }: { readonly environment: Environment; readonly memory: Store },
): Promise<void> {
  const chat = await openChat(place, environment, memory);
  try {
    for (const card of cards) await chat.post(place, asTry(card), `check:${randomUUID()}`);
  } finally {
    await chat.stop();
  }
}

/** Throws a ChatError where the environment has no credentials for the platform. */
export function requireCredentials({ platform }: Place, { slack, teams }: Environment): void {
  const there =
    platform === 'slack' ? slack.botToken !== null : teams.appId !== null || teams.insecureLoopback;
  if (!there) throw noCredentials(platform);
}

function noCredentials(platform: Place['platform']): ChatError {
  const [chat, variable] =
    platform === 'slack' ? ['Slack', 'SLACK_BOT_TOKEN'] : ['Microsoft Teams', 'MICROSOFT_APP_ID'];
  return new ChatError(`posting to ${chat}: ${variable} is not set`, { permanent: true });
}

async function openChat(
  { platform }: Place,
  environment: Environment,
  memory: Store,
): Promise<Pick<ChatPort, 'post'> & { stop(): Promise<void> }> {
  const log = createLogger('silent');
  if (platform === 'slack') {
    const { botToken, apiUrl } = environment.slack;
    if (botToken === null) throw noCredentials(platform);
    const { createSlack } = await import('../../chat/slack/slack.ts');
    const slack = await createSlack({
      // It takes nothing in, so nothing needs a signature.
      ...{ mode: 'http', signingSecret: randomUUID(), botToken, log, people: [], clock: Date.now },
      ...(apiUrl === null ? {} : { apiUrl }),
      events: memory,
    });
    return { post: slack.post, stop: async () => {} };
  }
  if (environment.teams.appId === null && !environment.teams.insecureLoopback) {
    throw noCredentials(platform);
  }
  const { createTeams } = await import('../../chat/teams/teams.ts');
  const teams = createTeams({
    ...{ ...environment.teams, connector: undefined, people: [], channels: [], store: memory, log },
    ...{ clock: Date.now, random: Math.random },
  });
  return { post: teams.post, stop: () => teams.stop() };
}

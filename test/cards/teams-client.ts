/** Starts Microsoft's local Teams client and connects m0's real Teams adapter to it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { createLogger } from '../../src/base/log.ts';
import type { Card } from '../../src/messages/card.ts';
import type { Place } from '../../src/model/directory.ts';
import { drawPicture } from '../../src/pictures/draw.ts';
import { ChatError, type Reply } from '../../src/ports/chat.ts';
import { PEOPLE, TEAMS, TEAMS_OPS } from '../../src/sandbox/sample-organisation.ts';
import { freePort } from '../support/free-port.ts';
import { type Bot, memory, startBot } from '../support/teams-bot.ts';

const SCRIPT = fileURLToPath(new URL('../../src/sandbox/playground.ts', import.meta.url));
/** The client's default user: Dana of the exhibits. */
const READER = { id: '29:dana', aadObjectId: PEOPLE[0].teams };
const PERSONAL = 'a:dana';
const START_MS = 30_000;
const POLL_MS = 50;

/** A conversation, by its name in the client's list. */
export type Conversation = 'Personal Chat' | 'SRE - Ops';

export interface TeamsClient {
  readonly url: string;
  /** Makes m0 post a card to the channel or to the reader's chat with m0. */
  post(card: Card, conversation: Conversation): Promise<void>;
  /** The reader types in their chat with m0 and gets this answer, and the same answer after a click. */
  answer(reply: Reply): Promise<void>;
  close(): Promise<void>;
}

async function asked(url: string, body?: object): Promise<unknown> {
  const response = await fetch(url, {
    signal: AbortSignal.timeout(START_MS),
    ...(body === undefined
      ? {}
      : { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
  });
  if (!response.ok) throw new Error(`asking Microsoft's client at ${url}: status ${response.status}`);
  return response.json().catch(() => null);
}

/** Resolves once the client answers; rejects if it ended or takes too long. */
async function ready(client: ChildProcess, url: string): Promise<void> {
  const until = Date.now() + START_MS;
  for (;;) {
    if (client.exitCode !== null) {
      throw new Error(`starting Microsoft's client: it ended with code ${client.exitCode}`);
    }
    const answered = await fetch(url).then(
      (response) => response.ok,
      () => false,
    );
    if (answered) return;
    if (Date.now() > until) {
      throw new Error(`starting Microsoft's client: no answer at ${url} for ${START_MS / 1000} s`);
    }
    await sleep(POLL_MS);
  }
}

/** Posts a card; waits first if the Teams rate limit requires it. */
async function post(bot: Bot, place: Place, card: Card, key: string): Promise<void> {
  for (;;) {
    try {
      await bot.teams.post(place, card, key);
      return;
    } catch (error) {
      if (!(error instanceof ChatError) || error.retryAfterMs === null) throw error;
      await sleep(error.retryAfterMs);
    }
  }
}

/** Starts the client and m0; the caller closes them. The client's files go to a temporary folder. */
export async function startTeamsClient(): Promise<TeamsClient> {
  const closing: (() => Promise<unknown>)[] = [];
  const close = async (): Promise<void> => {
    for (const step of closing.splice(0).reverse()) await step();
  };
  let reply: Reply = { type: 'none' };
  let posted = 0;
  try {
    const home = await mkdtemp(join(tmpdir(), 'm0-cards-'));
    closing.push(() => rm(home, { recursive: true, force: true }));
    const store = await memory();
    closing.push(() => store.close());
    const bot = await startBot(
      {
        appId: null,
        appPassword: null,
        tenantId: null,
        insecureLoopback: true,
        people: [{ key: 'dana', name: 'Dana', slack: null, teams: READER.aadObjectId, email: null }],
        channels: [],
        store,
        log: createLogger('silent'),
        clock: Date.now,
        random: Math.random,
        drawPicture,
      },
      async () => reply,
    );
    closing.push(() => bot.close());
    const port = String(await freePort());
    const url = `http://127.0.0.1:${port}`;
    const client = spawn(process.execPath, [SCRIPT], {
      env: {
        PATH: process.env.PATH,
        HOME: home,
        M0_DATA_DIR: home,
        PORT: new URL(bot.url).port,
        M0_PLAYGROUND_PORT: port,
      },
      stdio: 'ignore',
    });
    const ended = once(client, 'exit');
    closing.push(() => {
      client.kill('SIGTERM');
      return ended;
    });
    await ready(client, url);
    const type = (conversation: string, text: string, mentions: readonly object[] = []): Promise<unknown> =>
      asked(`${url}/_conversation/v1/conversations/${conversation}/messages`, {
        from: { id: READER.id },
        text,
        textFormat: 'plain',
        mentions,
      });
    // m0 can write only to conversations in which it has received a message.
    const mention = `<at>${TEAMS.botName}</at>`;
    await type(TEAMS_OPS, `${mention} help`, [{ mentioned: { id: TEAMS.appId }, text: mention }]);
    await type(PERSONAL, 'help');
    return {
      url,
      async post(card, conversation) {
        posted += 1;
        const place =
          conversation === 'Personal Chat' ? { user: READER.aadObjectId } : { channel: TEAMS_OPS };
        await post(bot, { platform: 'teams', ...place }, card, `card-${posted}`);
      },
      async answer(given) {
        reply = given;
        await type(PERSONAL, 'show it');
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

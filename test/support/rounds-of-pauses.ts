/** Somebody who pauses a stack by a command and resumes it by a click, again and again, and counts what came of it. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Message } from '../../src/sandbox/workspace/workspace.ts';
import { buttons, DANA, poll, type World, words } from './world.ts';

const PAUSE_MS = 400;

export interface CountedRounds {
  /** How many rounds there were. The reason of the pause of each is `round-N`, from 0. */
  readonly typed: number;
  /** The reasons of the pauses in the audit record, and of those that were resumed. */
  readonly pauses: readonly string[];
  readonly resumes: readonly string[];
  /** How often Slack said that m0 did not react; then it is tried again, as people do. */
  readonly failed: number;
}

export interface RoundsOfPauses {
  /** How many rounds are over. */
  done(): number;
  /** Ends after the round that is under way. */
  stop(): Promise<CountedRounds>;
}

/** Begins at once. A command or click without an answer for minutes rejects `stop`. */
export function startRounds(world: World, stack: string): RoundsOfPauses {
  const dana = world.workspace.as(DANA);
  let isOver = false;
  let done = 0;
  let failed = 0;

  const answers = (): readonly Message[] => dana.sees('ops').filter((m) => m.visibleTo === DANA);

  /** Acts until Slack has an acknowledgement, and waits for an answer with one of these texts that was not there before. */
  async function act(
    what: string,
    texts: RegExp,
    send: () => Promise<{ readonly outcome: string }>,
  ): Promise<Message> {
    const saying = (): readonly string[] =>
      answers().flatMap((m) => (texts.test(words(m)) ? [`${m.ts} ${words(m)}`] : []));
    const before = saying();
    for (;;) {
      const { outcome } = await send();
      if (outcome === 'acked') break;
      if (outcome === 'needs_confirmation') throw new Error(`${what}: ${outcome}`);
      failed += 1;
      await sleep(PAUSE_MS);
    }
    return poll(async () => {
      const fresh = saying().find((each) => !before.includes(each));
      return answers().find(({ ts }) => fresh?.startsWith(`${ts} `));
    }, `an answer to ${what}`);
  }

  async function play(): Promise<void> {
    while (!isOver) {
      const text = `pause ${stack} round-${done}`;
      // The second one where the first try was carried out, and Slack was not told.
      const answer = await act(text, /Paused|is paused already/, () => dana.slash('/m0', text, 'ops'));
      const label = buttons(answer).find((each) => each.includes('Resume')) ?? 'no button to resume';
      await act(`a click on "${label}" after ${text}`, /Resumed|is not paused/, () =>
        dana.click(answer, label, { confirm: true }),
      );
      done += 1;
      await sleep(PAUSE_MS);
    }
  }

  const playing = play();
  // `stop` rejects with it.
  playing.catch(() => {});
  return {
    done: () => done,
    async stop() {
      isOver = true;
      await playing;
      const lines = await world.service.store.audit({ stack });
      const reasons = (action: string): readonly string[] =>
        lines
          .filter((line) => line.action === action)
          .map(({ detail }) => /round-\d+/.exec(detail ?? '')?.[0] ?? String(detail));
      return { typed: done, pauses: reasons('pause'), resumes: reasons('resume'), failed };
    },
  };
}

/**
 * Follows answers where another process delivers messages: it hands them over to that process, through the store. So an
 * answer that says "checking" is updated, also after one of the two processes was killed.
 */
import type { FollowedAnswer } from '../model/followed-answer.ts';
import type { Store } from '../ports/store.ts';
import type { FollowedAnswers } from './followed-answers.ts';

const PREFIX = 'follow-answer ';

/** What commands need of it. */
export type AnswerFollower = Pick<FollowedAnswers, 'follow'>;

/** Hands answers over to the process that delivers. `follow` rejects if the store fails. */
export function handOverAnswers(store: Pick<Store, 'commit'>): AnswerFollower {
  return {
    async follow(answer) {
      const name = `${PREFIX}${answer.platform}:${answer.channel}:${answer.messageId}`;
      await store.commit([{ type: 'value.set', name, value: JSON.stringify(answer) }]);
    },
  };
}

/** Follows what other processes have handed over. Rejects if the store fails; then it is followed at the next look. */
export async function takeOverAnswers(
  store: Pick<Store, 'values' | 'commit'>,
  { follow }: AnswerFollower,
): Promise<void> {
  for (const [name, value] of await store.values(PREFIX)) {
    // After a crash in between it is followed once more, which changes nothing.
    await follow(JSON.parse(value) as FollowedAnswer);
    await store.commit([{ type: 'value.remove', name }]);
  }
}

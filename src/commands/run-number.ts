import { asked, bareWord } from './clean.ts';

/** What a word says as the number of a run. `impossible`: it is a number, but not one of a run. */
export type RunNumber =
  | { readonly type: 'run'; readonly run: number; readonly isQuestion: boolean }
  | { readonly type: 'not' }
  | { readonly type: 'impossible' };

/** Reads `#42` or `42`, also with quotes or emphasis around it or punctuation behind it. */
export function runNumber(word: string): RunNumber {
  const { word: plain, isQuestion } = asked(bareWord(word));
  const match = /^#?(\d+)$/.exec(bareWord(plain));
  if (match === null) return { type: 'not' };
  const run = Number(match[1]);
  return run >= 1 && run <= 999_999_999 ? { type: 'run', run, isQuestion } : { type: 'impossible' };
}

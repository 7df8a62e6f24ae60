/** Where a policy's rule is defined, in words. */
import type { RulePlace } from '../decisions/decision.ts';
import { clip } from '../text/words.ts';

/** The longest path that is shown with its folders, in characters. */
const PATH = 32;

/** `deny.rego:12`: where a rule is defined, short enough for a phone. */
export function placeWords({ file, line }: RulePlace): string {
  const name = file.split('/').at(-1) ?? file;
  return `${file.length <= PATH ? file : `…/${clip(name, PATH)}`}:${line}`;
}

/** Short names of resources. */
import { clip } from '../text/words.ts';

/** The longest name, in characters. */
const NAME = 60;

/** `web` of `module.net.aws_security_group.web`, with the key of an instance. */
export function shortNameOf(address: string): string {
  const name = /\.([^.[\]]+(?:\[[^\]]*\])?)$/.exec(address)?.[1];
  return clip(name ?? address, NAME);
}

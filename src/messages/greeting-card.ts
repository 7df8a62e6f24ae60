/** The first message to a person for whom m0 was installed. */
import type { Card } from './card.ts';
import { homeMessage } from './home-card.ts';
import { code, command, context, line, strong, text } from './spans.ts';
import type { GreetingView } from './view-home.ts';

const WHO = 'I am m0: I tell you when the cloud drifts from your Terraform code';

/**
 * Introduces m0 and its commands, and shows the reader's home. A person who is not in m0.yaml learns what they can
 * do and who can add them.
 */
export function greetingCard({ home, entry }: GreetingView): Card {
  const asked = line(
    ...[text('Ask me here, or in a channel I am in: '), command('home'), text(' for what waits for you, ')],
    ...[command('drift'), text(' for a fresh check, '), command('help'), text(' for all else.')],
  );
  if (home !== null) {
    const { headline, tone, blocks } = homeMessage(home);
    return { headline: WHO, tone, blocks: [asked, { type: 'divider' }, line(strong(headline)), ...blocks] };
  }
  return {
    headline: WHO,
    tone: 'plain',
    blocks: [
      asked,
      line(
        text('You are not under "people" in m0.yaml: you can look, start checks, and ask those on call. '),
        text('To decide, ask the owner of m0.yaml to add you'),
        ...(entry === null ? [text('.')] : [text(' with '), code(entry), text('.')]),
      ),
      context(text('Until then I write here only what you ask for.')),
    ],
  };
}

import { type Logger as BoltLogger, LogLevel } from '@slack/bolt';
import { errorText } from '../../base/error-text.ts';
import type { Logger } from '../../base/log.ts';

/** Tokens, and addresses that are as good as one. */
const SECRET = /\bx(?:ox[a-z]|app)-[\w-]+|https?:\/\/hooks\.slack\.com\/\S+|\bwss?:\/\/\S+/g;

function line(parts: readonly unknown[], secrets: readonly string[]): string {
  const text = parts
    .map((part) =>
      part instanceof Error || typeof part === 'string' ? errorText(part) : JSON.stringify(part),
    )
    .join(' ')
    .replace(SECRET, '[redacted]');
  return secrets.reduce((t, secret) => t.replaceAll(secret, '[redacted]'), text);
}

/**
 * Bolt's logger on pino. Its debug lines hold whole payloads (people's messages, trigger ids, socket
 * addresses), so they are dropped; of the rest, tokens are censored by form and by value.
 */
export function bridgeLogger(log: Logger, secrets: readonly string[]): BoltLogger {
  const known = secrets.filter((s) => s !== '');
  return {
    debug: () => {},
    info: (...parts: unknown[]) => log.debug({ slack: line(parts, known) }, 'slack client'),
    warn: (...parts: unknown[]) => log.warn({ slack: line(parts, known) }, 'slack client warns'),
    error: (...parts: unknown[]) => log.warn({ slack: line(parts, known) }, 'slack client reports an error'),
    setLevel: () => {},
    getLevel: () => LogLevel.INFO,
    setName: () => {},
  };
}

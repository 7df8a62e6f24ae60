/** Passes the log lines of Slack's libraries to m0's log, without secrets. */
import { type Logger as BoltLogger, LogLevel } from '@slack/bolt';
import { errorText } from '../../base/error-text.ts';
import type { Logger } from '../../base/log.ts';

/** Tokens, and URLs that work like one. */
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
 * A Bolt logger that writes to pino. Bolt's debug lines hold whole payloads (people's messages, trigger ids,
 * socket URLs), so they are dropped. In the others, tokens are replaced, both by pattern and by value.
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

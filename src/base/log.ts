/** The logger: JSON lines, with secrets censored. */
import { type Logger, pino } from 'pino';
import { currentLogFields } from './log-context.ts';

export type { Logger };

/**
 * Creates a logger that writes JSON lines to stdout (or to `destination`), each with the current log fields
 * (log-context.ts). Values under keys that usually hold secrets are censored.
 */
export function createLogger(level: string, destination?: { write(line: string): void }): Logger {
  const options = {
    level,
    base: null,
    mixin: currentLogFields,
    redact: {
      paths: [
        'token',
        '*.token',
        'password',
        '*.password',
        'secret',
        '*.secret',
        'authorization',
        '*.authorization',
        'env',
        '*.env',
      ],
      censor: '[redacted]',
    },
  };
  return destination ? pino(options, destination) : pino(options);
}

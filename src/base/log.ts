import { type Logger, pino } from 'pino';
import { fieldsUnderWay } from './log-context.ts';

export type { Logger };

/**
 * JSON lines on stdout (or `destination`), each with what is being worked on (log-context.ts); known secret-bearing
 * keys are censored wherever they stand.
 */
export function createLogger(level: string, destination?: { write(line: string): void }): Logger {
  const options = {
    level,
    base: null,
    mixin: fieldsUnderWay,
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

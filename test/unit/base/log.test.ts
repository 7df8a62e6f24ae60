import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { createLogger } from '../../../src/base/log.ts';
import { withLogFields, withoutLogFields } from '../../../src/base/log-context.ts';

function logged() {
  const lines: Record<string, unknown>[] = [];
  const log = createLogger('info', { write: (line) => void lines.push(JSON.parse(line)) });
  return { log, lines };
}

describe('log fields', () => {
  it('are kept through promises and timers, and a field of the line itself wins', async () => {
    const { log, lines } = logged();
    await withLogFields({ run: 1, stack: 'a' }, async () => {
      await sleep(1);
      log.info({ run: 2 }, 'line');
      await new Promise<void>((resolve) => {
        setTimeout(() => {
          log.info('later');
          resolve();
        }, 1);
      });
    });
    log.info('after');
    expect(lines).toMatchObject(
      [
        { run: 2, stack: 'a' },
        { run: 1, stack: 'a' },
      ].concat([{}] as never),
    );
    expect(lines[2]).not.toHaveProperty('run');
  });

  it('stay separate for concurrent work, and are absent from background work', async () => {
    const { log, lines } = logged();
    await Promise.all(
      [1, 2].map((run) =>
        withLogFields({ run }, async () => {
          await sleep(3 - run);
          log.info('mine');
          withoutLogFields(() => log.info('nobody’s'));
        }),
      ),
    );
    const mine = lines.filter((l) => l.msg === 'mine').map((l) => l.run);
    expect(mine.sort()).toEqual([1, 2]);
    expect(lines.filter((l) => l.msg === 'nobody’s').map((l) => 'run' in l)).toEqual([false, false]);
  });

  it('that are added later are on the lines after that, and secrets stay censored', () => {
    const { log, lines } = logged();
    const about: Record<string, string | number | null> = { alert: 7, token: 'xoxb-1' };
    withLogFields(about, () => {
      log.info('before');
      about.stack = 'a';
      log.info('then');
    });
    expect(lines[0]).not.toHaveProperty('stack');
    expect(lines[1]).toMatchObject({ alert: 7, stack: 'a', token: '[redacted]' });
  });
});

describe('from warnings on', () => {
  it('log messages are literals, so that lines can be counted and searched', () => {
    const bad: string[] = [];
    let seen = 0;
    const src = join(import.meta.dirname, '../../../src');
    for (const name of readdirSync(src, { recursive: true, encoding: 'utf8' })) {
      if (!/\.tsx?$/.test(name)) continue;
      const file = ts.createSourceFile(
        name,
        readFileSync(join(src, name), 'utf8'),
        ts.ScriptTarget.Latest,
        true,
      );
      const visit = (node: ts.Node): void => {
        if (ts.isCallExpression(node) && ts.isPropertyAccessExpression(node.expression)) {
          const { expression, name: method } = node.expression;
          if (/\blog$/i.test(expression.getText()) && ['warn', 'error', 'fatal'].includes(method.text)) {
            seen += 1;
            const message = node.arguments.at(-1);
            if (!message || !ts.isStringLiteralLike(message)) bad.push(`${name}: ${node.getText()}`);
          }
        }
        ts.forEachChild(node, visit);
      };
      visit(file);
    }
    expect(bad).toEqual([]);
    expect(seen).toBeGreaterThan(30);
  });
});

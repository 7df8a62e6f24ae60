/** What `m0 check` prints of a stack beside its card. */
import { expect, it } from 'vitest';
import { report } from '../../../../src/cli/check/report.ts';
import { M0 } from '../../../../src/model/run.ts';
import { newRun } from '../../../../src/runs/effects.ts';
import { stack as anyStack } from '../../../support/directory.ts';

it('shows the address of the code without the token in it', () => {
  const usual = anyStack();
  const git = 'https://robot:ghp_0123456789abcdef@git.acme.dev/infra.git';
  const stack = { ...usual, source: { ...usual.source, git } };
  const run = { ...newRun(stack, 'command', M0, null, 0), id: 1 };
  const text = report({ stack, folder: null }, { run, cards: [], plan: null }, { width: 100, color: false });
  expect(text).toContain('https://git.acme.dev/infra.git');
  expect(text).not.toContain('ghp_');
});

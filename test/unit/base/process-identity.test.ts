import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, it } from 'vitest';
import { commandLineOf, identityOf, processState } from '../../../src/base/process-identity.ts';

it('a process runs until it ends, also while it is stopped', async () => {
  const child = spawn('sleep', ['60'], { stdio: 'ignore' });
  const identity = identityOf(Number(child.pid));
  expect(processState(identity)).toBe('running');
  expect(commandLineOf(identity.pid)).toBe('sleep 60');
  child.kill('SIGSTOP');
  expect(processState(identity)).toBe('running');
  child.kill('SIGKILL');
  await once(child, 'exit');
  expect(processState(identity)).toBe('ended');
  expect(commandLineOf(identity.pid)).toBe('');
  expect(() => identityOf(identity.pid)).toThrow('it has ended');
});

it('a later process with the same number is another one', () => {
  const own = identityOf(process.pid);
  expect(processState(own)).toBe('running');
  expect(processState({ ...own, process: `${own.process}0` })).toBe('ended');
});

it('of another machine, or another container, nothing can be said', () => {
  const own = identityOf(process.pid);
  expect(processState({ ...own, process: `another${own.process}` })).toBe('elsewhere');
});

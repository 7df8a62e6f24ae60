import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { runTool, type ToolCall } from '../../../src/terraform/tool-process.ts';

const dir = mkdtempSync(join(tmpdir(), 'm0-tool-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const answer = { as: 'answer', bytes: 10_000 } as const;
const log = { as: 'log', dir: join(dir, 'output'), name: 'plan' } as const;

function shell(script: string, change: Partial<ToolCall> = {}) {
  return runTool({
    binary: '/bin/sh',
    args: ['-c', script],
    cwd: dir,
    env: { PATH: '/bin:/usr/bin' },
    signal: new AbortController().signal,
    limitMs: 60_000,
    graceMs: 200,
    output: answer,
    ...change,
  });
}

describe('runTool', () => {
  it.each([answer, log])('answers exit code, stdout and stderr ($as)', async (output) => {
    const outcome = await shell('echo out; echo err >&2; exit 3', { output });
    expect({ ...outcome, stdout: outcome.stdout.toString() }).toEqual({
      exitCode: 3,
      stdout: 'out\n',
      stderr: 'err\n',
      stopped: null,
    });
  });

  it('inherits nothing of the environment', async () => {
    const { stdout } = await shell('env');
    const names = stdout
      .toString()
      .split('\n')
      .map((line) => line.split('=')[0] ?? '');
    expect(names.filter((name) => !['PATH', 'PWD', 'SHLVL', '_', 'OLDPWD', ''].includes(name))).toEqual([]);
  });

  it('keeps a log readable to its owner only while the tool runs, and answers its end', async () => {
    const { stdout } = await shell(
      'i=0; while [ $i -lt 20000 ]; do echo 0123456789; i=$((i+1)); done; echo end',
      {
        output: log,
      },
    );
    expect(stdout.length).toBeLessThanOrEqual(64 * 1024);
    expect(stdout.toString()).toMatch(/^0123456789\n(0123456789\n)+end\n$/);
    const listed = await shell(`ls -l '${log.dir}'`, { output: log });
    expect(listed.stdout.toString()).toMatch(/^-rw-------.*plan\.out$/m);
    expect(readdirSync(log.dir)).toEqual([]);
  });

  it('stops a tool that answers too much', async () => {
    expect(await shell('exec yes')).toMatchObject({ stopped: 'output' });
  });

  it('asks first, so that a tool can save what it did', async () => {
    const stopping = new AbortController();
    const running = shell("trap 'echo saved; exit 5' INT; echo up > up; while :; do sleep 0.05; done", {
      signal: stopping.signal,
      graceMs: 20_000,
    });
    await expect.poll(() => statSync(join(dir, 'up')).size).toBeGreaterThan(0);
    stopping.abort();
    const outcome = await running;
    expect(outcome).toMatchObject({ stopped: 'aborted', exitCode: 5 });
    expect(outcome.stdout.toString()).toBe('saved\n');
  });

  it('kills what does not end by itself, with its children', async () => {
    const outcome = await shell("trap '' INT; sleep 600 & wait; sleep 600", { limitMs: 100 });
    expect(outcome).toMatchObject({ stopped: 'time', exitCode: null });
  });

  it('rejects where there is no such tool, or it is called off before it began', async () => {
    await expect(shell('', { binary: join(dir, 'missing') })).rejects.toThrow('did not start');
    await expect(shell('echo', { signal: AbortSignal.abort() })).rejects.toThrow();
  });
});

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ConfigError } from '../../../src/config/config-error.ts';
import { type Config, loadConfig } from '../../../src/config/load.ts';
import { isValidCron } from '../../../src/schedule/cron.ts';

const MINUTE = 60_000;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'm0-config-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function load(defaults: string, stack = ''): Promise<Config> {
  const path = join(folder, 'm0.yaml');
  writeFileSync(
    path,
    `chat: { slack: {} }
people: { dana: { slack: U0DANA } }
groups: { sre: [dana] }
oncall: { secondary: { rotation: { people: [dana], every: 12h, from: 2026-01-05T09:00:00Z } } }
defaults:
  channels: [slack:C0OPS]
  timezone: Europe/Berlin
${defaults.replace(/^/gm, '  ')}
stacks:
  - name: prod
    environment: prod
    source: { git: ./infra }
${stack.replace(/^/gm, '    ')}
`,
  );
  return loadConfig(path, {}, isValidCron);
}

async function problems(defaults: string, stack = ''): Promise<string> {
  const error: unknown = await load(defaults, stack).catch((e: unknown) => e);
  if (!(error instanceof ConfigError)) throw new Error(`no ConfigError: ${String(error)}`);
  return error.problems.map((p) => p.replace(`${folder}/`, '')).join('\n');
}

const ofStack = async (defaults: string, stack = '') => (await load(defaults, stack)).directory.stacks[0];

describe('severity, quiet hours and escalation in m0.yaml', () => {
  it('have the defaults none, off and none', async () => {
    expect(await ofStack('')).toMatchObject({ severity: [], quietHours: null, escalation: [] });
  });

  it('are read, with the time zone of the stack', async () => {
    const defaults = `severity: [{ match: "aws_security_group.*.ingress", severity: urgent }]
quietHours: { from: "22:00", to: "7:30", weekends: true }
escalation: [{ after: 30m, to: "oncall:secondary" }, { after: 4h, to: asked, every: 1d }, { after: 72h, to: channel }]`;
    expect(await ofStack(defaults, 'timezone: Asia/Kolkata')).toMatchObject({
      severity: [{ match: 'aws_security_group.*.ingress', severity: 'urgent' }],
      quietHours: { from: 22 * 60, to: 7 * 60 + 30, weekends: true, timezone: 'Asia/Kolkata' },
      escalation: [
        { afterMs: 30 * MINUTE, to: 'oncall:secondary', everyMs: null },
        { afterMs: 240 * MINUTE, to: 'asked', everyMs: 1440 * MINUTE },
        { afterMs: 72 * 60 * MINUTE, to: 'channel', everyMs: null },
      ],
    });
  });

  it('of a stack replace the defaults, and severity rules are combined', async () => {
    const defaults = `severity: [{ match: aws_a.*, severity: low }]
quietHours: { from: "22:00", to: "07:00" }
escalation: [{ after: 30m, to: sre }]`;
    const stack = 'severity: [{ match: aws_b.*, severity: urgent }]\nquietHours: off\nescalation: []';
    expect(await ofStack(defaults, stack)).toMatchObject({
      severity: [
        { match: 'aws_a.*', severity: 'low' },
        { match: 'aws_b.*', severity: 'urgent' },
      ],
      quietHours: null,
      escalation: [],
    });
  });

  it.each([
    ['escalation: [{ after: 30m, to: "oncall:secondery" }]', 'did you mean "oncall:secondary"?'],
    ['escalation: [{ after: soon, to: channel }]', 'must be a number with m, h, d or w'],
    ['escalation: [{ after: 1h, to: asked, every: 5m }]', 'must be 1h or more'],
    ['quietHours: { from: "22:00", to: "25:00" }', 'must be a time of the day'],
    ['quietHours: { from: "22:00", to: "22:00" }', 'is the same time as from'],
    ['quietHours: { from: "22:00", to: "7:00", timezone: Europe/Berlyn }', 'there is no time zone'],
    ['severity: [{ match: aws_x, severity: urgent }]', 'must be ADDRESS or ADDRESS.ATTRIBUTE'],
    ['severity: [{ match: aws_x.*, severity: loud }]', 'must be low, normal or urgent'],
  ])('%s is reported once, with its line', async (defaults, problem) => {
    const told = await problems(defaults);
    expect(told).toContain(problem);
    expect(told.split('\n')).toHaveLength(1);
    expect(told).toMatch(/^m0\.yaml:8:/);
    expect(await problems('', defaults)).toContain(problem);
  });
});

/** The unit for systemd: it has no key that systemd does not know, and starts what the image starts. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const path = (name: string): string => fileURLToPath(new URL(`../../../${name}`, import.meta.url));
const UNIT = readFileSync(path('manifests/systemd/m0.service'), 'utf8');
const ANALYZE = spawnSync('systemd-analyze', ['--version']).status === 0;
/** What `systemd-analyze security` gives: 0 is closed, 10 is open. */
const MOST_EXPOSED = 3.5;

/** Keys that the unit may use, for machines without systemd. */
const KEYS: Readonly<Record<string, readonly string[]>> = {
  Unit: [...['Description', 'Documentation', 'Wants', 'After', 'StartLimitIntervalSec', 'StartLimitBurst']],
  Install: ['WantedBy'],
  Service: [
    ...['Type', 'WorkingDirectory', 'EnvironmentFile', 'Environment', 'ExecStartPre', 'ExecStart'],
    ...['ExecReload', 'Restart', 'RestartSec', 'KillMode', 'TimeoutStopSec', 'CapabilityBoundingSet'],
    ...['AmbientCapabilities', 'NoNewPrivileges', 'StateDirectory', 'StateDirectoryMode', 'ProtectSystem'],
    ...['ProtectHome', 'PrivateTmp', 'PrivateDevices', 'ProtectKernelTunables', 'ProtectKernelModules'],
    ...['ProtectKernelLogs', 'ProtectControlGroups', 'ProtectClock', 'ProtectHostname', 'RestrictNamespaces'],
    ...['RestrictRealtime', 'RestrictSUIDSGID', 'LockPersonality', 'RemoveIPC', 'RestrictAddressFamilies'],
    ...['SystemCallArchitectures', 'SystemCallFilter', 'SystemCallErrorNumber', 'MemoryMax', 'TasksMax'],
  ],
};

/** `section key` -> values. */
function parsed(text: string): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, readonly string[]>();
  let section = '';
  for (const line of text.split('\n')) {
    if (line.trim() === '' || line.startsWith('#')) continue;
    const head = /^\[(\w+)\]$/.exec(line)?.[1];
    if (head !== undefined) {
      section = head;
      continue;
    }
    const [, key = '', value = ''] = /^([A-Z]\w+)=(.*)$/.exec(line) ?? [];
    expect(key, line).not.toBe('');
    expect(KEYS[section], line).toContain(key);
    found.set(`${section} ${key}`, [...(found.get(`${section} ${key}`) ?? []), value]);
  }
  return found;
}

const unit = parsed(UNIT);
const one = (key: string): string => unit.get(`Service ${key}`)?.[0] ?? '';

it('starts m0 with the flags of the image, and gives an apply time to end', () => {
  const docker = readFileSync(path('Dockerfile'), 'utf8');
  const command = JSON.parse(/^CMD (\[.*\])$/m.exec(docker)?.[1] ?? '[]') as string[];
  expect(one('ExecStart').split(' ').slice(1)).toEqual(command.slice(1));
  expect(one('KillMode')).toBe('mixed');
  expect(one('TimeoutStopSec')).toBe('20min');
});

it('keeps the rights with which each stack gets a user of its own, and the view of their processes', () => {
  const kept = ['CAP_SETUID', 'CAP_SETGID', 'CAP_CHOWN', 'CAP_FOWNER', 'CAP_DAC_OVERRIDE', 'CAP_KILL'];
  expect(one('CapabilityBoundingSet').split(' ')).toEqual(kept);
  expect(one('StateDirectoryMode')).toBe('0711');
  // A tool that an earlier m0 left belongs to another user: hidden from m0, it would count as ended.
  expect(unit.has('Service ProtectProc')).toBe(false);
  expect(unit.has('Service User')).toBe(false);
});

describe.skipIf(!ANALYZE)('systemd-analyze', () => {
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'm0-unit-'));
  });
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  /** m0 is not installed on this machine, and `verify` looks for its programs. */
  function analyze(
    text: string,
    ...args: string[]
  ): { readonly status: number | null; readonly said: string } {
    const file = join(dir, 'm0.service');
    writeFileSync(file, text.replaceAll(/\/opt\/m0\/node_modules\/node\/bin\/node/g, process.execPath));
    const { status, stdout, stderr } = spawnSync('systemd-analyze', [...args, file], { encoding: 'utf8' });
    return { status, said: `${stdout}${stderr}` };
  }
  /** About this unit: others of the machine may have mistakes too. */
  const about = (said: string): readonly string[] =>
    said.split('\n').filter((line) => line.includes('m0.service'));

  it('verify finds nothing, and would find a misspelled key', () => {
    expect(about(analyze(UNIT, 'verify').said)).toEqual([]);
    const wrong = UNIT.replace('NoNewPrivileges=', 'NoNewPrivilege=');
    expect(about(analyze(wrong, 'verify').said).join()).toContain("Unknown key 'NoNewPrivilege'");
  });

  it('security calls it closed', () => {
    const threshold = `--threshold=${MOST_EXPOSED * 10}`;
    const { status, said } = analyze(UNIT, 'security', '--offline=true', '--no-pager', threshold);
    expect(status, said).toBe(0);
  });
});

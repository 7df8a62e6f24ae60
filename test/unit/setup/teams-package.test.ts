import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inflateRawSync } from 'node:zlib';
import { AppManifestUtils, type TeamsManifest } from '@microsoft/app-manifest';
import { execaNode } from 'execa';
import { afterAll, expect, test } from 'vitest';
import { isCommandName } from '../../../src/commands/grammar.ts';

const APP_ID = '11111111-1111-4111-8111-111111111111';
const folder = mkdtempSync(join(tmpdir(), 'm0-teams-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const build = (appId: string) =>
  execaNode({ reject: false, env: { MICROSOFT_APP_ID: appId } })`src/setup/teams-package.mjs ${folder}`;

interface Manifest {
  readonly manifestVersion: string;
  readonly version: string;
  readonly id: string;
  readonly name: { readonly short: string };
  readonly description: { readonly short: string };
  readonly icons: { readonly color: string; readonly outline: string };
  readonly bots: readonly {
    readonly botId: string;
    readonly scopes: readonly string[];
    readonly supportsTargetedMessages?: boolean;
    readonly commandLists: readonly {
      readonly triggers?: readonly string[];
      readonly commands: readonly { readonly title: string; readonly description: string }[];
    }[];
  }[];
}

/** The files of a zip, found the way an unpacker finds them: by its directory at the end. */
function unzip(name: string): ReadonlyMap<string, Buffer> {
  const zip = readFileSync(join(folder, name));
  const end = zip.lastIndexOf('PK\x05\x06');
  const files = new Map<string, Buffer>();
  let at = zip.readUInt32LE(end + 16);
  for (let i = 0; i < zip.readUInt16LE(end + 10); i += 1) {
    const [packed, length, path] = [
      zip.readUInt32LE(at + 20),
      zip.readUInt32LE(at + 24),
      zip.readUInt16LE(at + 28),
    ];
    const local = zip.readUInt32LE(at + 42);
    const from = local + 30 + zip.readUInt16LE(local + 26) + zip.readUInt16LE(local + 28);
    const content = inflateRawSync(zip.subarray(from, from + packed));
    expect(content).toHaveLength(length);
    files.set(zip.subarray(at + 46, at + 46 + path).toString(), content);
    at += 46 + path;
  }
  return files;
}

test.each([
  ['m0-teams.zip', '1.29', 12],
  ['m0-teams-older.zip', '1.19', 10],
] as const)('%s is an app of manifest %s with its icons', async (name, version, most) => {
  const { exitCode, stderr } = await build(APP_ID);
  expect(exitCode).toBe(0);
  // The addresses in the repository are nobody's.
  expect(stderr).toContain('put your own addresses there');
  const files = unzip(name);
  expect([...files.keys()]).toEqual(['manifest.json', 'color.png', 'outline.png']);
  const manifest = JSON.parse(files.get('manifest.json')?.toString() ?? '') as Manifest;
  expect(manifest).toMatchObject({ manifestVersion: version, id: APP_ID, bots: [{ botId: APP_ID }] });
  // Against the schema that Microsoft ships for that version.
  expect(await AppManifestUtils.validateAgainstSchema(manifest as unknown as TeamsManifest)).toEqual([]);
  // Teams takes no others: three numbers, and none before 1.
  expect(manifest.version).toMatch(/^[1-9]\d*\.\d+\.\d+$/);
  expect(manifest.name.short.length).toBeLessThanOrEqual(30);
  expect(manifest.description.short.length).toBeLessThanOrEqual(80);
  const [bot] = manifest.bots;
  expect(bot?.scopes).toEqual(['personal', 'team', 'groupChat']);
  const slashes = version === '1.29';
  expect(bot?.supportsTargetedMessages ?? false).toBe(slashes);
  for (const { triggers, commands } of bot?.commandLists ?? []) {
    expect(triggers).toEqual(slashes ? ['mention', 'slash'] : undefined);
    expect(commands.length).toBeLessThanOrEqual(most);
    for (const { title } of commands) expect(isCommandName(title), title).toBe(true);
  }
  for (const [icon, side] of [
    ['color.png', 192],
    ['outline.png', 32],
  ] as const) {
    const png = files.get(icon);
    expect([png?.readUInt32BE(16), png?.readUInt32BE(20)]).toEqual([side, side]);
  }
});

test('without the app’s id nothing is made, and it says what to set', async () => {
  const { exitCode, stderr } = await build('not an id');
  expect(exitCode).toBe(2);
  expect(stderr).toContain('MICROSOFT_APP_ID');
});

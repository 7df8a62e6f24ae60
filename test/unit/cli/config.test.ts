import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { configCommand } from '../../../src/cli/config.ts';
import { readEnvironment } from '../../../src/config/environment.ts';

const FINE = `chat: { slack: {} }
defaults: { channels: [slack:C0OPS] }
stacks: [{ name: prod, environment: prod, source: { git: ./infra } }]
`;

describe('config', () => {
  let folder: string;
  let out: string;
  let err: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'm0-config-'));
    out = '';
    err = '';
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const say = (args: string[], env: Record<string, string> = {}): Promise<number> => {
    const io = {
      out: (text: string) => {
        out += text;
      },
      err: (text: string) => {
        err += text;
      },
    };
    return configCommand(args, io, readEnvironment(env));
  };
  const file = (text: string): string => {
    const path = join(folder, 'm0.yaml');
    writeFileSync(path, text);
    return path;
  };

  it('check: fine, with a note about a stack that nobody can approve', async () => {
    const path = file(FINE);
    expect(await say(['check', path])).toBe(0);
    expect(out).toBe(`${path}: fine, 1 stack\nnote: nobody can approve, as no approvers are named: prod\n`);
    expect(err).toBe('');
  });

  it('check: without a file uses the one of M0_CONFIG', async () => {
    expect(await say(['check'], { M0_CONFIG: file(FINE) })).toBe(0);
  });

  it('check: resolves a path against the folder in which the command was typed', async () => {
    file(FINE);
    expect(await say(['check', 'm0.yaml'], { M0_CWD: folder })).toBe(0);
    expect(out).toContain('m0.yaml: fine');
  });

  it('check: prints one line on stderr per problem', async () => {
    const path = file(`${FINE}digest: []\ngroup: {}\n`);
    expect(await say(['check', path])).toBe(2);
    expect(err).toBe(
      `${path}:4:1 digest: unknown key, did you mean "digests"?\n${path}:5:1 group: unknown key, did you mean "groups"?\n`,
    );
    expect(out).toBe('');
  });

  it('check: a missing file', async () => {
    expect(await say(['check', join(folder, 'no.yaml')])).toBe(2);
    expect(err).toMatch(/^\S+no\.yaml: there is no such file: .*\n$/);
  });

  it('schema: JSON', async () => {
    expect(await say(['schema'])).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ title: 'm0.yaml', type: 'object' });
  });

  it.each([[[]], [['chek']], [['check', 'a', 'b']], [['check', '--fast']], [['schema', 'x']]])(
    'wrong use: %j',
    async (args) => {
      expect(await say(args)).toBe(2);
      expect(err).toMatch(/^config: say .*\n$/);
    },
  );
});

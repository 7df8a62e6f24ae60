/** The examples of docs/examples, taken as they are written: m0.yaml, policies, and what `m0 stacks` says of them. */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { configCommand } from '../../src/cli/config.ts';
import { policyCommand } from '../../src/cli/policy.ts';
import { stacksCommand } from '../../src/cli/stacks.ts';
import { type Environment, readEnvironment } from '../../src/config/environment.ts';
import { loadTools } from '../../src/setup/tools.ts';
import { git } from '../support/terraform-repo.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const EXAMPLES = join(ROOT, 'docs', 'examples');
const names = readdirSync(EXAMPLES, { withFileTypes: true }).flatMap((entry) =>
  entry.isDirectory() ? [entry.name] : [],
);
const OPA = (await loadTools(process.env.M0_DATA_DIR ?? '.m0', process.env)).opa;

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'm0-examples-'));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

function repository(folder: string): void {
  git(folder, 'init', '--quiet', '--initial-branch', 'main', '.');
  git(folder, 'add', '--all', '.');
  git(folder, '-c', 'user.name=Kim', '-c', 'user.email=kim@acme.dev', 'commit', '--quiet', '-m', 'first');
}

/** The example's folders as the repositories that its m0.yaml names. */
function unpack(name: string): { readonly folder: string; readonly environment: Environment } {
  const folder = join(dir, name);
  cpSync(join(EXAMPLES, name), folder, { recursive: true });
  // What its own policies stand beside.
  const policies = join(folder, 'policies.git');
  cpSync(join(ROOT, 'policies'), policies, { recursive: true });
  cpSync(join(folder, 'policies'), policies, { recursive: true });
  repository(join(folder, 'infra'));
  repository(policies);
  const text = readFileSync(join(folder, 'm0.yaml'), 'utf8')
    .replaceAll('https://git.acme.dev/infra.git', join(folder, 'infra'))
    .replaceAll('https://git.acme.dev/policies.git', policies);
  expect(text).not.toContain('git.acme.dev');
  writeFileSync(join(folder, 'm0.yaml'), text);
  const environment = readEnvironment({
    ...{ PATH: process.env.PATH, HOME: process.env.HOME, M0_CONFIG: join(folder, 'm0.yaml') },
    ...{ M0_DATA_DIR: join(folder, 'data'), M0_DATABASE_URL: `file:${join(folder, 'none.db')}` },
  });
  return { folder, environment };
}

async function say(
  run: (io: { out(text: string): void; err(text: string): void }) => Promise<number>,
): Promise<{ readonly code: number; readonly text: string }> {
  let text = '';
  const add = (more: string): void => {
    text += more;
  };
  const code = await run({ out: add, err: add });
  return { code, text };
}

it('there are four of them', () => {
  expect(names.sort()).toEqual(['many-accounts', 'monorepo', 'single-stack', 'terragrunt']);
});

describe.each(names)('%s', (name) => {
  let example: ReturnType<typeof unpack>;
  beforeAll(() => {
    example = unpack(name);
  });

  it('its m0.yaml has no mistake and nothing that m0 notes', async () => {
    const { environment } = example;
    const { code, text } = await say((io) => configCommand(['check'], io, environment));
    expect(text.split('\n').filter((line) => line.startsWith('note:'))).toEqual([]);
    expect(text).toContain(': fine, ');
    expect(code).toBe(0);
  });

  it('m0 stacks says what its page says', async () => {
    const { environment } = example;
    const { code, text } = await say((io) => stacksCommand([], io, environment));
    const page = readFileSync(join(EXAMPLES, name, 'README.md'), 'utf8');
    expect(page).toContain(`\`\`\`text\n${text.trim()}\n\`\`\``);
    expect(code).toBe(0);
  });

  it('its policies compile as in production, and their tests pass', async () => {
    const { folder } = example;
    const own = readdirSync(join(folder, 'policies'));
    expect(own).not.toEqual([]);
    const parts = { opa: OPA, cwd: folder, dataDir: join(folder, 'data'), now: Date.now() };
    for (const policy of own) {
      for (const command of ['check', 'test']) {
        const { code, text } = await say((io) =>
          policyCommand([command, join(folder, 'policies', policy)], io, {
            ...parts,
            readStdin: async () => Buffer.alloc(0),
          }),
        );
        expect(text).not.toMatch(/warning|left out/i);
        expect(code).toBe(0);
      }
    }
  });

  it('its Rego is formatted', () => {
    const unformatted = execFileSync(OPA, ['fmt', '--list', join(EXAMPLES, name, 'policies')]).toString();
    expect(unformatted).toBe('');
  });
});

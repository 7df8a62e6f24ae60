/** m0 as the image has it: without src/sandbox and without development packages. */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { testTools } from '../support/cloud.ts';
import { freePort } from '../support/free-port.ts';
import { parseDockerfile } from '../support/image/dockerfile.ts';
import { parseDockerignore } from '../support/image/dockerignore.ts';

const ROOT = resolve(import.meta.dirname, '../..');

let image: string;
let config: string;

/** What the Dockerfile copies from the build folder, as [from, to]. */
async function copied(): Promise<[string, string][]> {
  const { stages } = parseDockerfile(await readFile(join(ROOT, 'Dockerfile'), 'utf8'));
  return stages
    .flatMap(({ steps }) => steps)
    .flatMap((step) => (step.kind === 'COPY' && step.from === null ? [step] : []))
    .flatMap(({ sources, to }) => sources.map((from): [string, string] => [from, to]));
}

beforeAll(async () => {
  image = await mkdtemp(join(tmpdir(), 'm0-image-'));
  const ignored = parseDockerignore(await readFile(join(ROOT, '.dockerignore'), 'utf8'));
  for (const [from, to] of await copied()) {
    await cp(join(ROOT, from), join(image, to === './' ? from : to), {
      recursive: true,
      filter: (path) => !ignored(relative(ROOT, path)),
    });
  }
  await promisify(execFile)('npm', ['ci', '--omit=dev', '--ignore-scripts', '--prefer-offline'], {
    cwd: image,
  });
  config = join(image, 'test.yaml');
  await writeFile(
    config,
    `chat: { teams: {} }
defaults: { channels: ["teams:19:infra@thread.tacv2"], schedule: "0 5 1 1 *", push: off }
stacks:
  - { name: net, environment: prod, source: { git: "${image}/net.git", path: net } }
`,
  );
});
afterAll(() => rm(image, { recursive: true, force: true }));

function start(args: readonly string[], variables: Record<string, string> = {}) {
  const { PATH = '', HOME = '' } = process.env;
  const child = spawn(process.execPath, [join(image, 'src/main.ts'), ...args], {
    cwd: image,
    env: { PATH, HOME, M0_DATA_DIR: join(image, 'data'), ...variables },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (part: string) => {
      text += part;
    });
  }
  const ended = once(child, 'close').then(() => child.exitCode);
  return { child, ended, text: () => text };
}

async function run(args: readonly string[], variables: Record<string, string> = {}) {
  const { ended, text } = start(args, variables);
  const code = await ended;
  return { code, text: text() };
}

describe('read-only commands', () => {
  it('help', async () => {
    expect(await run(['help'])).toMatchObject({ code: 0, text: expect.stringContaining('m0 <command>') });
  });

  it('config check', async () => {
    const { code, text } = await run(['config', 'check', config]);
    expect(text).toContain('test.yaml');
    expect(code).toBe(0);
  });

  it('doctor', async () => {
    const { text } = await run(['doctor'], { M0_CONFIG: config });
    expect(text).toMatch(/^configuration +ok +.*stacks: 1/m);
    expect(text).not.toMatch(/moto|Chromium/);
    const bare = await run(['doctor']);
    expect(bare.text).toMatch(/^configuration +MISSING +no \.\/m0\.yaml/m);
    expect(bare.text).not.toMatch(/moto|Chromium/);
    expect(bare.code).toBe(1);
  });

  it('explain', async () => {
    const plan = join(ROOT, 'test/cases/01-s3-tags-removed/plan.json');
    const { code, text } = await run(['explain', plan]);
    expect(text).toContain('aws_s3_bucket');
    // Exit code 1: there is drift.
    expect(code).toBe(1);
  });
});

it('starts with an m0.yaml, and stops on SIGTERM', async () => {
  const port = await freePort();
  const { child, ended, text } = start(['serve'], {
    M0_CONFIG: config,
    M0_DATABASE_URL: `file:${join(image, 'data/m0.db')}`,
    M0_TEAMS_INSECURE_LOOPBACK: '1',
    M0_OPA: (await testTools()).opa,
    PORT: String(port),
  });
  try {
    await expect.poll(text, { timeout: 60_000 }).toContain('m0 is at work');
    expect((await fetch(`http://127.0.0.1:${port}/healthz`)).status).toBe(200);
  } finally {
    child.kill('SIGTERM');
  }
  expect(await ended, text()).toBe(0);
});

it.each(['sandbox', 'serve'])(
  '%s without an m0.yaml says that the sandbox is not included',
  async (command) => {
    const { code, text } = await run([command]);
    expect(text).toMatch(/^m0: the sandbox is not part of this image: .+\n$/);
    expect(code).toBe(2);
  },
);

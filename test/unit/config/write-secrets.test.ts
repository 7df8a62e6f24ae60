/** What may write to repositories never gets into what m0 gives to stacks' tools: m0.yaml is refused. */
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ConfigError } from '../../../src/config/config-error.ts';
import { loadConfig } from '../../../src/config/load.ts';
import { isValidCron } from '../../../src/schedule/cron.ts';
import { makeKey } from '../../support/git-over-ssh.ts';

const KEY = '-----BEGIN PRIVATE KEY-----\nhunter2hunter2\n-----END PRIVATE KEY-----';
const ENV = {
  READ: 'read-hunter2-token',
  WRITE: 'write-hunter2-token',
  COPY: 'write-hunter2-token',
  APP: KEY,
};
const CREDENTIALS = `credentials:
  - { for: https://git.acme.dev/, token: "\${env:READ}" }
  - { for: https://git.acme.dev/, token: "\${env:WRITE}", write: true }
  - { for: https://gitlab.acme.dev/, token: "\${file:write-token}", write: true }
  - { for: https://github.com/, githubApp: { id: 1, privateKey: "\${env:APP}" }, write: true }
  - { for: "git@git.acme.dev:", sshKey: write-key, write: true }
`;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'm0-write-secrets-'));
  writeFileSync(join(folder, 'write-token'), 'file-hunter2-token\n');
  symlinkSync('write-token', join(folder, 'link'));
  makeKey(join(folder, 'write-key'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

interface Written {
  readonly defaults?: string;
  readonly environment?: string;
  readonly stack?: string;
  readonly discover?: string;
  readonly override?: string;
  readonly credentials?: string;
}

async function problems(written: Written, env: Record<string, string> = ENV): Promise<readonly string[]> {
  const of = (text = ''): string => (text === '' ? '' : `, ${text}`);
  const path = join(folder, 'm0.yaml');
  writeFileSync(
    path,
    `chat: { slack: {} }
defaults: { channels: [slack:C0OPS]${of(written.defaults)} }
environments: { prod: { timezone: UTC${of(written.environment)} } }
stacks:
  - { name: prod, environment: prod, source: { git: https://git.acme.dev/infra.git }${of(written.stack)} }
discover:
  - source: { git: https://git.acme.dev/infra.git }
    roots: ["*/*"]
    name: "{1}-{2}"
    environment: "{1}"
    timezone: UTC${written.discover === undefined ? '' : `\n    ${written.discover}`}
    overrides: [{ match: "*"${of(written.override)} }]
${written.credentials ?? CREDENTIALS}`,
  );
  const error: unknown = await loadConfig(path, env, isValidCron).catch((e: unknown) => e);
  if (!(error instanceof ConfigError)) return [];
  expect(error.message).not.toContain('hunter2');
  return error.problems.map((p) => p.replaceAll(`${folder}/`, ''));
}

const RULE =
  'which may write to repositories: what runs for a stack never gets it, so use another one that only reads';

describe('what may write', () => {
  it('is accepted beside tools that get the token for reading, and values that say nothing', async () => {
    const env = 'env: { GITHUB_TOKEN: "${env:READ}", WRITE: "1", REGION: eu-central-1 }';
    expect(await problems({ stack: env, defaults: env, environment: env })).toEqual([]);
  });

  it.each([
    ['defaults', 'm0.yaml:2:', 'defaults.env.GITHUB_TOKEN'],
    ['environment', 'm0.yaml:3:', 'environments.prod.env.GITHUB_TOKEN'],
    ['stack', 'm0.yaml:5:', 'stacks[0].env.GITHUB_TOKEN'],
    ['discover', 'm0.yaml:12:', 'discover[0].env.GITHUB_TOKEN'],
    ['override', 'm0.yaml:12:', 'discover[0].overrides[0].env.GITHUB_TOKEN'],
  ] as const)('is named in no env: %s', async (place, line, key) => {
    const [problem, ...more] = await problems({ [place]: 'env: { GITHUB_TOKEN: "${env:WRITE}" }' });
    expect(more).toEqual([]);
    expect(problem).toMatch(new RegExp(`^${line}\\d+ `));
    expect(problem).toContain(`${key}: names the token of credentials[1], ${RULE}`);
  });

  it.each([
    ['within a text', 'env: { X: "https://x:${env:WRITE}@host/" }', 'names the token of credentials[1]'],
    ['of the app', 'env: { X: "${env:APP}" }', 'names the private key of credentials[3]'],
    ['as a file', 'env: { X: "${file:./write-token}" }', 'names the token of credentials[2]'],
    ['as a link to the file', 'env: { X: "${file:link}" }', 'names the token of credentials[2]'],
    ['a key for ssh', 'env: { X: "${file:write-key}" }', 'names the key of credentials[4]'],
    ['in another variable', 'env: { TF_VAR_x: "${env:COPY}" }', 'holds the token of credentials[1]'],
    ['by its path', 'env: { X: "ssh -i PATH/write-key" }', 'holds the path of the key of credentials[4]'],
    [
      'as the token for a role',
      'aws: { planRole: "arn:aws:iam::123456789012:role/p", applyRole: "arn:aws:iam::123456789012:role/a", webIdentityTokenFile: link }',
      'aws.webIdentityTokenFile: is the file of the token of credentials[2]',
    ],
  ])('is refused: %s', async (_, stack, problem) => {
    const found = await problems({ stack: stack.replaceAll('PATH', folder) });
    expect(found.join('\n')).toContain(`${problem}, ${RULE}`);
    expect(found).toHaveLength(1);
  });

  it('is in no variable that every tool gets', async () => {
    const credentials = `credentials:\n  - { for: https://git.acme.dev/, token: "\${env:LANG}", write: true }\n`;
    const found = await problems({ credentials }, { LANG: 'hunter2' });
    expect(found.join('\n')).toContain('credentials[0].token: is in LANG, which m0 passes to the tools');
  });

  it('is no key that also reads, whatever the file is called', async () => {
    const credentials = `credentials:
  - { for: "git@git.acme.dev:", sshKey: write-key, modules: true }
  - { for: "git@git.acme.dev:", sshKey: ./write-key, write: true }
`;
    expect((await problems({ credentials })).join('\n')).toContain(
      'credentials[1].sshKey: is also that of credentials[0]: the key for writing must be another one',
    );
  });
});

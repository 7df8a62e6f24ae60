import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ConfigError } from '../../../src/config/config-error.ts';
import type { Variables } from '../../../src/config/environment.ts';
import { type Config, loadConfig } from '../../../src/config/load.ts';
import { notesOn } from '../../../src/config/notes.ts';
import { isValidCron } from '../../../src/schedule/cron.ts';
import { makeKey } from '../../support/git-over-ssh.ts';

const HEAD = `chat: { slack: {} }
defaults: { channels: [slack:C0OPS] }
policies:
  approvals: { git: git@git.acme.dev:policies.git }
stacks:
  - name: prod
    environment: prod
    policies: [approvals]
    source: { git: https://git.acme.dev/infra.git }
credentials:
`;
const FIRST_LINE = HEAD.split('\n').length;
const ENV = { GIT_TOKEN: 'tok-hunter2', SLACK_BOT_TOKEN: 'xoxb-hunter2', EMPTY: '', LINES: 'hunter2\nx' };

describe('credentials', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'm0-credentials-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  function load(entries: readonly string[], env: Variables = ENV): Promise<Config> {
    const path = join(folder, 'm0.yaml');
    writeFileSync(path, HEAD + entries.map((entry) => `  - ${entry}\n`).join(''));
    return loadConfig(path, env, isValidCron);
  }
  /** The problems, without the folder's path. */
  async function problems(entries: readonly string[], env: Variables = ENV): Promise<readonly string[]> {
    const error: unknown = await load(entries, env).catch((e: unknown) => e);
    if (!(error instanceof ConfigError)) throw new Error(`no ConfigError: ${String(error)}`);
    expect(error.message).not.toContain('hunter2');
    return error.problems.map((p) => p.replaceAll(`${folder}/`, ''));
  }

  it('are read, with paths relative to the file and the token by reference', async () => {
    makeKey(join(folder, 'key'));
    writeFileSync(join(folder, 'hosts'), '');
    writeFileSync(join(folder, 'token'), 'from-a-file\n');
    const { credentials } = await load([
      '{ for: https://git.acme.dev/, token: "${env:GIT_TOKEN}" }',
      '{ for: https://git.acme.dev/acme, token: "${file:token}", username: bot }',
      '{ for: "git@git.acme.dev:", sshKey: key, knownHosts: ./hosts }',
      '{ for: "ssh://git@git.acme.dev:2222/", sshKey: key }',
      '{ for: "http://localhost:3000/", token: "${env:GIT_TOKEN}" }',
    ]);
    const shown = credentials.map((c) =>
      c.kind === 'token'
        ? [c.name, c.for, c.username, c.readToken()]
        : [c.name, c.for, c.keyFile, c.knownHosts],
    );
    expect(shown).toEqual([
      ['credentials[0]', 'https://git.acme.dev/', null, 'tok-hunter2'],
      ['credentials[1]', 'https://git.acme.dev/acme', 'bot', 'from-a-file'],
      ['credentials[2]', 'git@git.acme.dev:', join(folder, 'key'), join(folder, 'hosts')],
      ['credentials[3]', 'ssh://git@git.acme.dev:2222/', join(folder, 'key'), null],
      ['credentials[4]', 'http://localhost:3000/', null, 'tok-hunter2'],
    ]);
    expect(JSON.stringify(credentials)).not.toContain('hunter2');
  });

  it('for writing are kept apart from those for reading', async () => {
    const key = '-----BEGIN PRIVATE KEY-----\\nhunter2\\n-----END PRIVATE KEY-----';
    const config = await load(
      [
        '{ for: https://git.acme.dev/, token: "${env:GIT_TOKEN}" }',
        '{ for: https://git.acme.dev/, token: "${env:WRITE}", write: true }',
        '{ for: https://github.com/acme/, githubApp: { id: 4711, privateKey: "${env:KEY}" }, write: true }',
      ],
      { ...ENV, WRITE: 'wr-hunter2', KEY: key },
    );
    expect(config.credentials.map(({ name }) => name)).toEqual(['credentials[0]']);
    const [token, app] = config.writeCredentials;
    expect(token).toMatchObject({ kind: 'token', name: 'credentials[1]' });
    expect(app).toMatchObject({ kind: 'githubApp', name: 'credentials[2]', appId: '4711' });
    expect(app?.kind === 'githubApp' && app.readPrivateKey().split('\n')).toHaveLength(3);
    expect(JSON.stringify(config.writeCredentials)).not.toContain('hunter2');
    expect(notesOn(config)).toContain(
      'with write: true, and for no repository of a stack: credentials[2] (for https://github.com/acme/)',
    );
  });

  it.each([
    [
      [
        '{ for: https://git.acme.dev/, token: "${env:GIT_TOKEN}" }',
        '{ for: https://git.acme.dev/, token: "${env:GIT_TOKEN}", write: true }',
      ],
      'is also that of credentials[0]: the token for writing must be another one than the token for reading',
    ],
    [
      ['{ for: https://git.acme.dev/, token: "${env:GIT_TOKEN}", write: true, modules: true }'],
      'what may write is never used for reading',
    ],
    [
      ['{ for: https://github.com/, githubApp: { id: 1, privateKey: "${env:GIT_TOKEN}" } }'],
      'needs write: true',
    ],
    [
      ['{ for: https://github.com/, githubApp: { id: 1, privateKey: "${env:GIT_TOKEN}" }, write: true }'],
      'is no private key',
    ],
    [
      ['{ for: https://github.com/, githubApp: { id: 1, privateKey: abc }, write: true }'],
      'must be ${env:NAME} or ${file:PATH}',
    ],
    [['{ for: https://github.com/, write: true }'], 'must have one of token, sshKey or githubApp'],
  ])('for writing are refused where they can’t be such: %s', async (entries, problem) => {
    expect((await problems(entries)).join('\n')).toContain(problem);
  });

  it('for no repository are reported in a note', async () => {
    const config = await load([
      '{ for: https://git.acme.dev/, token: "${env:GIT_TOKEN}" }',
      '{ for: https://git.acme.dev/acme/, token: "${env:GIT_TOKEN}" }',
    ]);
    expect(notesOn(config)).toContain(
      'for no repository of a stack or of a policy it uses: credentials[1] (for https://git.acme.dev/acme/)',
    );
  });

  const TOKEN = 'token: "${env:GIT_TOKEN}"';
  it.each([
    ['for: https://h/, token: hunter2', 'token: must be ${env:NAME} or ${file:PATH} and nothing else'],
    ['for: https://h/, token: "x${env:GIT_TOKEN}"', 'token: must be ${env:NAME} or ${file:PATH}'],
    ['for: https://h/, token: "${vault:x}"', 'token: must be ${env:NAME} or ${file:PATH}'],
    ['for: https://h/, token: "${env:NONE}"', "token: variable NONE is not set: set it for m0's process"],
    ['for: https://h/, token: "${env:EMPTY}"', 'token: is empty: put the token there'],
    ['for: https://h/, token: "${env:LINES}"', 'token: has more than one line'],
    ['for: https://h/, token: "${file:none}"', 'token: file none cannot be read (ENOENT): make it'],
    ['for: https://h/, token: "${env:SLACK_BOT_TOKEN}"', "token: SLACK_BOT_TOKEN is m0's own secret"],
    ['for: https://h/, token: "${env:PAGERDUTY_TOKEN}"', "token: PAGERDUTY_TOKEN is m0's own secret"],
    [`for: https://h/, ${TOKEN}, user: x`, 'user: unknown key, there is for, token, username'],
    [`for: https://h/, ${TOKEN}, username: "\${env:GIT_TOKEN}"`, 'username: ${env:…} and ${file:…} are'],
    [`${TOKEN}`, 'for: is missing'],
    ['for: https://h/', 'must have one of token, sshKey or githubApp'],
    [`for: https://h/, ${TOKEN}, sshKey: key`, 'must have one of token, sshKey or githubApp'],
    [`for: https://h/, ${TOKEN}, knownHosts: key`, 'knownHosts: goes with an sshKey'],
    ['for: "git@h:", sshKey: key, username: x', 'username: goes with a token; with an sshKey the user'],
    [`for: /srv/git, ${TOKEN}`, 'for: must be the beginning of addresses'],
    [`for: h, ${TOKEN}`, 'for: must be the beginning of addresses'],
    [`for: "git://h/", ${TOKEN}`, 'for: must be the beginning of addresses'],
    [`for: "https://h\\\\@x/", ${TOKEN}`, 'for: must be the beginning of addresses'],
    [`for: "https://kim:hunter2@h/", ${TOKEN}`, 'for: holds a password: take it out'],
    [`for: "https://kim@h/", ${TOKEN}`, 'for: holds a user: write it as username'],
    [`for: "https://h/?x=1", ${TOKEN}`, 'for: must end with its path'],
    [`for: "http://git.acme.dev/", ${TOKEN}`, 'for: would send the token unencrypted: use https://'],
    [`for: "http://127.0.0.1.evil.com/", ${TOKEN}`, 'for: would send the token unencrypted'],
    [`for: "git@h:", ${TOKEN}`, 'for: is reached by ssh, which needs an sshKey, no token'],
    ['for: "https://h/", sshKey: key', 'for: is no ssh address, and needs a token, no sshKey'],
    ['for: "git@h:", sshKey: "${env:GIT_TOKEN}"', 'sshKey: ${env:…} and ${file:…} are for the env'],
    ['for: "git@h:", sshKey: none', 'sshKey: file none cannot be read (ENOENT): make it, readable to m0'],
    ['for: "git@h:", sshKey: folder', 'sshKey: file folder is no file'],
    ['for: "git@h:", sshKey: key.pub', 'sshKey: file key.pub is a public key: name the private one'],
    ['for: "git@h:", sshKey: open', 'sshKey: file open is open to other users (0644), and ssh refuses'],
    ['for: "git@h:", sshKey: locked', 'sshKey: file locked is locked by a passphrase'],
    ['for: "git@h:", sshKey: locked.pem', 'sshKey: file locked.pem is locked by a passphrase'],
    ['for: "git@h:", sshKey: text', 'sshKey: file text is no private key'],
    [`for: "git@h:", sshKey: 'a"b'`, 'sshKey: must be a path without quotes'],
    ['for: "git@h:", sshKey: key, knownHosts: none', 'knownHosts: file none cannot be read (ENOENT)'],
  ])('refuses { %s }', async (entry, text) => {
    makeKey(join(folder, 'key'));
    makeKey(join(folder, 'open'));
    chmodSync(join(folder, 'open'), 0o644);
    makeKey(join(folder, 'locked'), 'passphrase');
    mkdirSync(join(folder, 'folder'));
    writeFileSync(join(folder, 'text'), 'hunter2', { mode: 0o600 });
    const pem = ['-q', '-t', 'ecdsa', '-m', 'PEM', '-N', 'passphrase', '-f', join(folder, 'locked.pem')];
    execFileSync('ssh-keygen', pem);

    const found = await problems([`{ ${entry} }`]);
    expect(found[0]).toMatch(new RegExp(`^m0\\.yaml:${FIRST_LINE}:\\d+ credentials\\[0\\]`));
    expect(found.join('\n')).toContain(text);
  });

  it('for the same address are refused, however it is written', async () => {
    makeKey(join(folder, 'key'));
    expect(
      await problems([
        `{ for: "https://h/acme", ${TOKEN} }`,
        `{ for: "https://H:443/acme/", ${TOKEN} }`,
        '{ for: "git@h:", sshKey: key }',
        '{ for: "ssh://git@h", sshKey: key }',
      ]),
    ).toEqual([
      `m0.yaml:${FIRST_LINE + 1}:12 credentials[1].for: is also that of credentials[0]: one address, one entry`,
      `m0.yaml:${FIRST_LINE + 3}:12 credentials[3].for: is also that of credentials[2]: one address, one entry`,
    ]);
  });
});

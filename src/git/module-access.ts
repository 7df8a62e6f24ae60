/** Access of a stack's `init` to modules in private repositories: for exactly the addresses of its credentials. */
import { chown, writeFile } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { defaultUsername, readToken, shellWord } from './access.ts';
import type { GitCredential, TokenCredential } from './credentials.ts';
import { specificity } from './credentials.ts';
import { serveSsh } from './module-ssh.ts';

/** What `init` gets, and what became of it. */
export interface OpenModules {
  readonly env: Readonly<Record<string, string>>;
  readonly secrets: readonly string[];
  /** Why a module could not be fetched over ssh; null where nothing is known. Without secrets. */
  failure(): string | null;
  end(): Promise<void>;
}

/**
 * Opens the access. `dir`: a folder that only the tool can read, whose path is short; `user`: who the tool is.
 * `stackEnv`: the stack's own environment; its GIT_SSH_COMMAND stays, and its GIT_CONFIG_COUNT is counted on. Rejects
 * where a token can't be read, with what to do.
 */
export type ModuleAccess = (
  dir: string,
  user: { readonly uid: number; readonly gid: number } | null,
  stackEnv: Readonly<Record<string, string>>,
) => Promise<OpenModules>;

/** For the credentials of m0.yaml that have `modules: true`. Tokens and keys are read each time. */
export function createModuleAccess(
  credentials: readonly GitCredential[],
  base: Readonly<Record<string, string | undefined>>,
): ModuleAccess {
  const ofModules = credentials.filter(({ modules }) => modules === true);
  const tokens = ofModules
    .filter((each) => each.kind === 'token')
    // Of several that fit, git keeps what the last one says.
    .sort((a, b) => specificity(a.scope) - specificity(b.scope));
  const keys = ofModules.filter((each) => each.kind === 'sshKey');
  return async (dir, user, stackEnv) => {
    const https = overHttps(tokens, Number(stackEnv.GIT_CONFIG_COUNT ?? 0));
    if (keys.length === 0 || stackEnv.GIT_SSH_COMMAND !== undefined) {
      return { ...https, failure: () => null, end: async () => {} };
    }
    const sockets = new Set<Socket>();
    let failure: string | null = null;
    const server = createServer({ allowHalfOpen: true }, (socket) => {
      sockets.add(socket);
      socket.once('close', () => sockets.delete(socket));
      socket.on('error', () => socket.destroy());
      serveSsh(socket, keys, base, (text) => {
        failure = text;
      });
    });
    const path = join(dir, 'ssh');
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(path, resolve);
    });
    const relay = join(dir, 'ssh.cjs');
    await writeFile(relay, RELAY, { mode: 0o600 });
    if (user !== null) for (const file of [path, relay]) await chown(file, user.uid, user.gid);
    const command = [process.execPath, relay, path].map(shellWord).join(' ');
    return {
      env: { ...https.env, GIT_SSH_COMMAND: command, GIT_SSH_VARIANT: 'ssh' },
      secrets: https.secrets,
      failure: () => failure,
      async end() {
        for (const socket of sockets) socket.destroy();
        await new Promise<void>((resolve) => server.close(() => resolve()));
      },
    };
  };
}

/**
 * Runs instead of ssh: hands its arguments and its input to m0, which starts ssh itself. So the key stays with m0, and
 * the tool's user needs no account, which ssh requires.
 */
const RELAY = `const socket = require('node:net').connect({ path: process.argv[2], allowHalfOpen: true });
socket.on('error', (error) => { console.error('m0: ' + error.message); process.exit(255); });
socket.write(JSON.stringify(process.argv.slice(3)) + '\\n');
process.stdin.pipe(socket);
socket.pipe(process.stdout);
socket.on('end', () => process.stdin.destroy());
`;

/**
 * A credential helper that answers for one server and what is below one path. git tells it the path because of
 * `useHttpPath`; a path with `..` could mean another one at the server.
 */
const helper = (n: number): string => `!f() { [ "$1" = get ] || exit 0; p= h= q=
while IFS= read -r line; do case "$line" in protocol=*) p=\${line#*=};; host=*) h=\${line#*=};; path=*) q=\${line#*=};; esac; done
[ "$p://$h" = "$M0_MODULES_${n}_SERVER" ] || exit 0
case "/$q/" in */../*|*/./*|*//*) exit 0;; "$M0_MODULES_${n}_PATH"*) ;; *) exit 0;; esac
printf 'username=%s\\npassword=%s\\n' "$M0_MODULES_${n}_USERNAME" "$M0_MODULES_${n}_TOKEN"; }; f`;

function overHttps(
  tokens: readonly TokenCredential[],
  counted: number,
): Pick<OpenModules, 'env' | 'secrets'> {
  const settings: (readonly [string, string])[] = [];
  const env: Record<string, string> = {};
  const secrets: string[] = [];
  for (const [n, credential] of tokens.entries()) {
    const { protocol, host, port, segments } = credential.scope;
    const { origin } = new URL(`${protocol}://${host}:${port}`);
    const url = [origin, ...segments].join('/');
    const token = readToken(credential);
    const username = credential.username ?? defaultUsername(host);
    settings.push(
      [`credential.${url}.helper`, ''],
      [`credential.${url}.helper`, helper(n)],
      [`credential.${url}.useHttpPath`, 'true'],
      // A proxy could read the token, because http is not encrypted; it is for this machine only.
      ...(protocol === 'http' ? [[`http.${url}.proxy`, ''] as const] : []),
    );
    env[`M0_MODULES_${n}_SERVER`] = origin;
    env[`M0_MODULES_${n}_PATH`] = `/${segments.map((each) => `${each}/`).join('')}`;
    env[`M0_MODULES_${n}_USERNAME`] = username;
    env[`M0_MODULES_${n}_TOKEN`] = token;
    const pair = `${username}:${token}`;
    secrets.push(token, ...[token, pair].map((text) => Buffer.from(text).toString('base64')));
  }
  if (settings.length === 0) return { env, secrets };
  const first = Number.isInteger(counted) && counted > 0 ? counted : 0;
  settings.forEach(([key, value], i) => {
    env[`GIT_CONFIG_KEY_${first + i}`] = key;
    env[`GIT_CONFIG_VALUE_${first + i}`] = value;
  });
  env.GIT_CONFIG_COUNT = String(first + settings.length);
  return { env, secrets };
}

/** Says what to do where `init` was refused access to a module; null where the text tells of no such thing. */
export function moduleAdvice(text: string): string | null {
  if (!/could not read (Username|Password)|Authentication failed|Permission denied \(publickey/i.test(text)) {
    return null;
  }
  return `A module is in a private repository: give m0.yaml an entry under credentials that is for its address, with modules: true.`;
}

/** A Git server over SSH with public-key authentication, for tests of private repositories. */
import { execFileSync, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import ssh2 from 'ssh2';

export interface KeyPair {
  /** The path of the private key; the public key is in the same folder, with `.pub` appended. */
  readonly file: string;
  /** `TYPE BASE64`. */
  readonly publicLine: string;
}

/** Creates a key pair with ssh-keygen. */
export function makeKey(file: string, passphrase = ''): KeyPair {
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', passphrase, '-C', 'test', '-f', file]);
  const [type, base64] = readFileSync(`${file}.pub`, 'utf8').split(' ');
  return { file, publicLine: `${type} ${base64}` };
}

export interface GitOverSsh {
  readonly host: '127.0.0.1';
  readonly port: number;
  /** The server's line for a known_hosts file. */
  readonly knownHost: string;
  /** Public keys that may read, each `TYPE BASE64`; may change between connections. */
  allowed: readonly string[];
  /** Each authentication attempt as `USER METHOD KEY`, in order. */
  readonly asked: string[];
  close(): Promise<void>;
}

/** An SSH server that runs `git-upload-pack` of the repositories under `root`, for keys that are allowed. */
export async function serveGitOverSsh(root: string, hostKey: KeyPair): Promise<GitOverSsh> {
  const open = new Set<ssh2.Connection>();
  const server = new ssh2.Server({ hostKeys: [readFileSync(hostKey.file)] }, (client) => {
    open.add(client);
    client.on('close', () => open.delete(client));
    client.on('error', () => {});
    client.on('authentication', (context) => {
      const key = context.method === 'publickey' ? publicLine(context) : '';
      served.asked.push(`${context.username} ${context.method} ${key}`.trim());
      if (context.method !== 'publickey' || !served.allowed.includes(key))
        return context.reject(['publickey']);
      const { signature, blob } = context;
      // A request without a signature only asks whether the server would accept this key.
      if (signature === undefined || blob === undefined) return context.accept();
      const parsed = ssh2.utils.parseKey(key);
      if (parsed instanceof Error || parsed.verify(blob, signature, context.hashAlgo) !== true) {
        return context.reject(['publickey']);
      }
      context.accept();
    });
    client.on('ready', () => {
      client.on('session', (accept) => {
        const session = accept();
        let protocol = '';
        session.on('env', (acceptEnv, _reject, { key, val }) => {
          if (key === 'GIT_PROTOCOL') protocol = val;
          acceptEnv?.();
        });
        session.on('exec', (acceptExec, reject, { command }) => {
          const path = /^git-upload-pack '([^']+)'$/.exec(command)?.[1];
          if (path === undefined) return reject();
          const stream = acceptExec();
          const git = spawn('git', ['upload-pack', join(root, path)], {
            env: { PATH: process.env.PATH, HOME: root, GIT_PROTOCOL: protocol },
          });
          stream.pipe(git.stdin);
          git.stdin.on('error', () => {});
          git.stdout.pipe(stream, { end: false });
          git.stderr.pipe(stream.stderr, { end: false });
          git.on('close', (code) => {
            stream.exit(code ?? 1);
            stream.end();
          });
        });
      });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const served: GitOverSsh = {
    host: '127.0.0.1',
    port,
    knownHost: `[127.0.0.1]:${port} ${hostKey.publicLine}`,
    allowed: [],
    asked: [],
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const client of open) client.end();
      }),
  };
  return served;
}

function publicLine(context: ssh2.PublicKeyAuthContext): string {
  return `${context.key.algo} ${context.key.data.toString('base64')}`;
}

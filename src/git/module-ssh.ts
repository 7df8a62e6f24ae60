/** Starts ssh for a module, with a key that the tool never sees. */
import { spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import { baseEnvironment } from '../base/base-environment.ts';
import { errorText } from '../base/error-text.ts';
import { shellWord, sshOptions } from './access.ts';
import { credentialOf, type KeyCredential } from './credentials.ts';
import { explainFailure } from './failure.ts';
import type { Remote } from './remote.ts';

/** What git asks of ssh: one server, and one repository to read there. */
interface Asked {
  readonly remote: Remote;
  /** The repository's path, as git wrote it. */
  readonly path: string;
}

const MOST_FIRST_LINE = 16 * 1024;
const MOST_STDERR = 4_096;

/**
 * Serves one call: reads ssh's arguments, a line of JSON, and joins the rest of the connection with ssh. `onFailure`
 * gets the reason where it is refused or ssh fails.
 */
export function serveSsh(
  socket: Socket,
  credentials: readonly KeyCredential[],
  base: Readonly<Record<string, string | undefined>>,
  onFailure: (text: string) => void,
): void {
  let head = Buffer.alloc(0);
  const read = (chunk: Buffer): void => {
    head = Buffer.concat([head, chunk]);
    const end = head.indexOf('\n');
    if (end === -1 && head.length <= MOST_FIRST_LINE) return;
    socket.off('data', read);
    socket.pause();
    const asked = end === -1 ? null : askedOf(head.subarray(0, end).toString('utf8'));
    const rest = head.subarray(end + 1);
    if (rest.length > 0) socket.unshift(rest);
    try {
      if (asked === null)
        throw new Error('a module over ssh: m0 only reads repositories, by git-upload-pack');
      serve(socket, asked, credentials, base, onFailure);
    } catch (error) {
      onFailure(errorText(error));
      socket.end();
    }
  };
  socket.on('data', read);
}

/** Throws where no key is for the repository, or where it can't be used. */
function serve(
  socket: Socket,
  asked: Asked,
  credentials: readonly KeyCredential[],
  base: Readonly<Record<string, string | undefined>>,
  onFailure: (text: string) => void,
): void {
  const address = addressOf(asked.remote);
  const credential = credentialOf(asked.remote, credentials);
  if (credential === null) {
    throw new Error(
      `${address}: no entry under credentials in m0.yaml that has an sshKey and modules: true is for it`,
    );
  }
  join(socket, asked, sshOptions(credential), base, (text) =>
    onFailure(`${address}: ${explainFailure(text, address, credential)}`),
  );
}

function join(
  socket: Socket,
  { remote, path }: Asked,
  options: readonly string[],
  base: Readonly<Record<string, string | undefined>>,
  onFailure: (text: string) => void,
): void {
  const where = remote.user === null ? remote.host : `${remote.user}@${remote.host}`;
  const args = [...options, '-p', String(remote.port), '--', where.replace(/[[\]]/g, '')];
  const child = spawn('ssh', [...args, `git-upload-pack ${shellWord(path)}`], {
    env: { ...baseEnvironment(base), LC_ALL: 'C' },
    stdio: 'pipe',
  });
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => {
    stderr = (stderr + chunk.toString('utf8')).slice(-MOST_STDERR);
  });
  child.stdin.on('error', () => {});
  child.once('error', (error) => {
    onFailure(errorText(error));
    socket.end();
  });
  child.once('close', (code) => {
    if (code !== 0) onFailure(stderr.trim() === '' ? `ssh ended with ${code}` : stderr.trim());
  });
  socket.once('close', () => child.kill());
  child.stdout.pipe(socket);
  socket.pipe(child.stdin);
  socket.resume();
}

/** The server and the repository in ssh's arguments, as git passes them; null where they ask for anything else. */
function askedOf(line: string): Asked | null {
  let args: unknown;
  try {
    args = JSON.parse(line);
  } catch {
    return null;
  }
  if (!Array.isArray(args) || !args.every((each) => typeof each === 'string')) return null;
  let port = 22;
  const words: string[] = [];
  for (let i = 0; i < args.length; i += 1) {
    const word = args[i] ?? '';
    if (word === '-p') port = Number(args[++i]);
    else if (word === '-o') i += 1;
    else if (!/^-[46]$/.test(word) && word !== '--') words.push(word);
  }
  const [where = '', command = '', ...more] = words;
  const [, user, host] =
    /^(?:([A-Za-z0-9_.][A-Za-z0-9_.-]*)@)?([A-Za-z0-9.[][A-Za-z0-9.:[\]-]*)$/.exec(where) ?? [];
  const quoted = /^git-upload-pack ('[^\0-\x1f\x7f]+')$/.exec(command)?.[1];
  if (host === undefined || quoted === undefined || more.length > 0) return null;
  if (!Number.isInteger(port) || port < 1 || port > 65_535) return null;
  // git's own quoting: '…' with '\'' and '\!' inside.
  const path = quoted.slice(1, -1).replace(/'\\(['!])'/g, '$1');
  const segments = path.split('/').filter((segment) => segment !== '');
  if (segments.includes('..') || segments.includes('.') || path.startsWith('-')) return null;
  return { remote: { protocol: 'ssh', user: user ?? null, host: host.toLowerCase(), port, segments }, path };
}

function addressOf({ user, host, port, segments }: Remote): string {
  const at = user === null ? '' : `${user}@`;
  return `ssh://${at}${host}${port === 22 ? '' : `:${port}`}/${segments.join('/')}`;
}

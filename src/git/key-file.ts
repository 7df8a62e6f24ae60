/** Checks files of ssh keys before ssh uses them. */
import { readFileSync, type Stats, statSync } from 'node:fs';

const MAX_BYTES = 64 * 1024;

/**
 * Why ssh could not use the file as a private key, and what to do; null where it could. `shown` is the file's
 * name in the message. The message never holds the file's content.
 */
export function refuseKeyFile(path: string, shown: string = path): string | null {
  const read = readSmall(path, shown);
  if (typeof read === 'string') return read;
  const { stat, text } = read;
  const block = /-----BEGIN ([A-Z0-9 ]*)PRIVATE KEY-----([\s\S]*?)-----END/.exec(text);
  if (block === null) {
    return /^(ssh|ecdsa|sk)-\S+ /.test(text)
      ? `file ${shown} is a public key: name the private one (as a rule the same name without .pub)`
      : `file ${shown} is no private key: name one that starts with -----BEGIN … PRIVATE KEY-----`;
  }
  // ssh checks the mode only of files that its own user owns.
  if (stat.uid === process.getuid?.() && (stat.mode & 0o077) !== 0) {
    const mode = (stat.mode & 0o777).toString(8).padStart(4, '0');
    return `file ${shown} is open to other users (${mode}), and ssh refuses such a key: chmod 600 it`;
  }
  const [, kind = '', body = ''] = block;
  if (isEncrypted(kind, body)) {
    return `file ${shown} is locked by a passphrase, which m0 can’t type: use a key without one`;
  }
  return null;
}

/** Why the file cannot be read as known_hosts, and what to do; null where it can. */
export function refuseKnownHosts(path: string, shown: string = path): string | null {
  const read = readSmall(path, shown, Number.POSITIVE_INFINITY);
  return typeof read === 'string' ? read : null;
}

function readSmall(
  path: string,
  shown: string,
  maxBytes = MAX_BYTES,
): string | { readonly stat: Stats; readonly text: string } {
  try {
    const stat = statSync(path);
    if (!stat.isFile()) return `file ${shown} is no file: name one`;
    if (stat.size > maxBytes) return `file ${shown} is too big for a key (over 64 KiB): name the key`;
    return { stat, text: readFileSync(path, 'utf8') };
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'error';
    return `file ${shown} cannot be read (${code}): make it, readable to m0`;
  }
}

const OPENSSH_MAGIC = 'openssh-key-v1\0';

/**
 * PEM says in its header that it is encrypted. OpenSSH's format names a cipher other than `none` right after
 * its magic text.
 */
function isEncrypted(kind: string, body: string): boolean {
  if (kind !== 'OPENSSH ') return kind.includes('ENCRYPTED') || body.includes('ENCRYPTED');
  const bytes = Buffer.from(body, 'base64');
  if (bytes.subarray(0, OPENSSH_MAGIC.length).toString('latin1') !== OPENSSH_MAGIC) return false;
  const at = OPENSSH_MAGIC.length;
  const length = bytes.length >= at + 4 ? bytes.readUInt32BE(at) : 0;
  return bytes.subarray(at + 4, at + 4 + length).toString('latin1') !== 'none';
}

/** Reads Terraform's dependency lock file. */

export const LOCK_FILE = '.terraform.lock.hcl';

/** A provider as the lock file pins it. */
export interface LockedProvider {
  /** With its host: `registry.terraform.io/hashicorp/aws`. */
  readonly source: string;
  readonly version: string;
  /** The checksums of its packages (`h1:…`, `zh:…`), sorted; none if `init` could not compute any. */
  readonly hashes: readonly string[];
}

const PROVIDER = /^provider\s+"([a-z0-9.-]+(?::\d+)?\/[\w-]+\/[\w-]+)"\s*\{([^}]*)\}/gm;
const VERSION = /^\s*version\s*=\s*"(\w[\w.+-]*)"/m;

/** The providers in the text of a lock file. Those without a version are left out. */
export function lockedProviders(text: string): LockedProvider[] {
  return [...text.matchAll(PROVIDER)].flatMap(([, source = '', body = '']) => {
    const version = VERSION.exec(body)?.[1];
    const hashes = [...body.matchAll(/"((?:h1|zh):[^"]+)"/g)].map(([, hash = '']) => hash);
    return version === undefined ? [] : [{ source, version, hashes: hashes.sort() }];
  });
}

import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Whether this copy of m0 has the sandbox. A clone has it; the image leaves src/sandbox out. */
export function hasSandbox(): boolean {
  return existsSync(fileURLToPath(new URL('../sandbox/sandbox.ts', import.meta.url)));
}

/** What a start says that would need the sandbox in a copy without it, or without its packages. */
export const NO_SANDBOX =
  'the sandbox is not part of this image: name an m0.yaml in M0_CONFIG (or put it into the folder m0 starts in), or run npm start in a clone of the repository for the sandbox';
export const NO_SANDBOX_PACKAGES =
  'the sandbox needs the development packages, and they are not installed: run npm start, which installs them';

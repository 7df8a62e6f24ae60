/** The opa binary as m0 compiles policies with it. */
import { mkdir, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { trimCapabilities } from './capabilities.ts';
import { createOpa, type Opa, type OpaLimits } from './opa.ts';

/** The opa binary as m0 compiles with it. */
export interface Compiler {
  readonly opa: Opa;
  /** Path of a file with the builtins that policies may call, as `opa --capabilities` takes it. */
  readonly capabilities: string;
}

/**
 * A function for the compiler, which it prepares at its first use: the builtins that this version of opa has and that
 * policies may call, as a file in `dir`. Rejects where opa cannot be run, and tries again the next time.
 */
export function createCompiler(path: string, limits: OpaLimits, dir: string): () => Promise<Compiler> {
  const opa = createOpa(path, limits);
  let ready: Promise<Compiler> | undefined;

  async function prepare(): Promise<Compiler> {
    const current = await opa.run(['capabilities', '--current'], { cwd: '/' });
    await mkdir(dir, { recursive: true, mode: 0o700 });
    const capabilities = resolve(dir, 'capabilities.json');
    await writeFile(capabilities, trimCapabilities(current.stdout), { mode: 0o600 });
    return { opa, capabilities };
  }

  return () => {
    ready ??= prepare();
    ready.catch(() => {
      ready = undefined;
    });
    return ready;
  };
}

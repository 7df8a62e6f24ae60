/** The checks of `npm run check`. All of them run, even if one fails. */
import path from 'node:path';

/** The checks, the fastest first. `args` are Node's arguments. `paths` limit Biome and Oxlint. */
export function checks(root, paths) {
  const bin = (name) => path.join(root, 'node_modules', '.bin', name);
  return [
    { name: 'format and lint (biome)', args: [bin('biome'), 'check', '--error-on-warnings', ...paths] },
    { name: 'promises (oxlint)', args: [bin('oxlint'), '--type-aware', ...paths] },
    { name: 'import rules (dependency-cruiser)', args: [bin('depcruise'), 'src'] },
    { name: 'unused code (knip)', args: [bin('knip')] },
    { name: 'types (tsc)', args: [bin('tsc')] },
  ];
}

/** Runs each check with `run`, which resolves to an exit code. Resolves to 0 only if all passed. */
export async function runChecks(list, run) {
  const failed = [];
  for (const check of list) {
    process.stdout.write(`\n== ${check.name}\n`);
    const code = await run(check);
    if (code > 128) return code;
    if (code !== 0) failed.push(check.name);
  }
  process.stdout.write(failed.length === 0 ? '\nall checks passed\n' : `\nfailed: ${failed.join(', ')}\n`);
  return failed.length === 0 ? 0 : 1;
}

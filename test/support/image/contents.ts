/** What is inside an image. */
import { lstatSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The bytes of all files in a folder, each once however many names it has, but for the paths that are left out. */
export function bytesIn(root: string, leftOut: readonly string[] = []): number {
  const counted = new Set<number>();
  const excluded = new Set(leftOut.map((path) => join(root, path)));
  const walk = (path: string): number => {
    if (excluded.has(path)) return 0;
    const found = lstatSync(path);
    if (found.isDirectory()) {
      return readdirSync(path)
        .map((name) => walk(join(path, name)))
        .reduce((sum, each) => sum + each, 0);
    }
    if (!found.isFile() || counted.has(found.ino)) return 0;
    counted.add(found.ino);
    return found.size;
  };
  return walk(root);
}

/** Paths of files that match, relative to the root. */
export function pathsIn(root: string, matches: (path: string, mode: number) => boolean): readonly string[] {
  const walk = (path: string): readonly string[] => {
    const found = lstatSync(join(root, path));
    const here = matches(path, found.mode) ? [path] : [];
    if (!found.isDirectory()) return here;
    return [...here, ...readdirSync(join(root, path)).flatMap((name) => walk(`${path}/${name}`))];
  };
  return readdirSync(root).flatMap((name) => walk(`/${name}`));
}

/** The names of the Debian packages, sorted. */
export function debianPackages(root: string): readonly string[] {
  const status = readFileSync(join(root, 'var/lib/dpkg/status'), 'utf8');
  return [...status.matchAll(/^Package: (.+)$/gm)].map(([, name = '']) => name).sort();
}

/** The npm packages, as name@version. */
export function npmPackages(root: string): readonly string[] {
  const lock = JSON.parse(readFileSync(join(root, 'app/node_modules/.package-lock.json'), 'utf8')) as {
    readonly packages: Readonly<Record<string, { readonly name?: string; readonly version: string }>>;
  };
  const ids = Object.entries(lock.packages).map(
    ([path, { name, version }]) => `${name ?? path.replace(/^.*node_modules\//, '')}@${version}`,
  );
  return [...new Set(ids)].sort();
}

/**
 * The list of the npm packages that m0 is shipped with (CycloneDX 1.5) and their notices, both from package-lock.json.
 * `npm sbom` is not used: of two versions of a package it lists one, and leaves out the direct dependency zod.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const ROOT = new URL('../../', import.meta.url);
const BILL = new URL('docs/reference/sbom.cdx.json', ROOT);
const NOTICES = new URL('THIRD-PARTY-NOTICES.md', ROOT);

interface Locked {
  readonly version: string;
  readonly name?: string;
  readonly license?: string;
  readonly integrity?: string;
  readonly dev?: boolean;
  readonly optional?: boolean;
  readonly os?: readonly string[];
  readonly cpu?: readonly string[];
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

/** One package of the lock file. `path` is its folder, as in `node_modules/zod`. */
export interface LockedPackage extends Locked {
  readonly path: string;
  readonly name: string;
}

type Lock = Readonly<Record<string, Locked>>;

function readLock(): Lock {
  const text = readFileSync(new URL('package-lock.json', ROOT), 'utf8');
  return (JSON.parse(text) as { readonly packages: Lock }).packages;
}

const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
const idOf = ({ name, version }: LockedPackage): string => `${name}@${version}`;
const purlOf = ({ name, version }: LockedPackage): string => `pkg:npm/${name.replace('@', '%40')}@${version}`;

/** The packages that m0 needs to run, each name and version once, sorted. */
export function shippedPackages(lock: Lock = readLock()): readonly LockedPackage[] {
  const found = new Map<string, LockedPackage>();
  for (const [path, locked] of Object.entries(lock)) {
    if (path === '' || locked.dev === true) continue;
    const one = { ...locked, path, name: locked.name ?? path.replace(/^.*node_modules\//, '') };
    if (!found.has(idOf(one))) found.set(idOf(one), one);
  }
  return [...found.values()].sort((a, b) => byText(idOf(a), idOf(b)));
}

/** The folder in which a package at `from` finds `name`, as Node looks for it; undefined where it is not installed. */
function resolved(lock: Lock, from: string, name: string): string | undefined {
  for (let at = from; ; at = at.replace(/(^|\/)node_modules\/(@[^/]+\/)?[^/]+$/, '')) {
    const path = at === '' ? `node_modules/${name}` : `${at}/node_modules/${name}`;
    if (lock[path] !== undefined) return path;
    if (at === '') return undefined;
  }
}

function billText(lock: Lock, shipped: readonly LockedPackage[]): string {
  const own = lock[''];
  if (own === undefined) throw new Error('package-lock.json has no root package');
  const purlAt = (path: string): string | undefined => {
    const locked = lock[path];
    if (locked === undefined || locked.dev === true) return undefined;
    return purlOf({ ...locked, path, name: locked.name ?? path.replace(/^.*node_modules\//, '') });
  };
  const dependsOn = (path: string, { dependencies, optionalDependencies, peerDependencies }: Locked) => {
    const names = Object.keys({ ...peerDependencies, ...optionalDependencies, ...dependencies });
    const purls = names.map((name) => resolved(lock, path, name)).map((at) => at && purlAt(at));
    return [...new Set(purls.filter((purl) => purl !== undefined && purl !== ''))].sort();
  };
  const ref = `pkg:npm/m0@${own.version}`;
  const bill = {
    $schema: 'http://cyclonedx.org/schema/bom-1.5.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.5',
    version: 1,
    metadata: {
      component: {
        ...{ type: 'application', 'bom-ref': ref, name: 'm0', version: own.version, purl: ref },
        licenses: [{ license: { id: own.license } }],
      },
    },
    components: shipped.map((one) => ({
      ...{ type: 'library', 'bom-ref': purlOf(one), name: one.name, version: one.version },
      scope: one.optional === true ? 'optional' : 'required',
      purl: purlOf(one),
      ...(one.integrity === undefined ? {} : { hashes: [hashOf(one.integrity)] }),
      licenses: [licenseOf(one)],
    })),
    dependencies: [
      { ref, dependsOn: dependsOn('', own) },
      ...shipped.map((one) => ({ ref: purlOf(one), dependsOn: dependsOn(one.path, one) })),
    ],
  };
  return `${JSON.stringify(bill, null, 1)}\n`;
}

/** An entry of the lock file's `integrity`, such as `sha512-BASE64`. */
function hashOf(integrity: string): { readonly alg: string; readonly content: string } {
  const [algorithm = '', base64 = ''] = integrity.split(' ')[0]?.split(/-(.*)/) ?? [];
  return { alg: algorithm.replace('sha', 'SHA-'), content: Buffer.from(base64, 'base64').toString('hex') };
}

function licenseOf({ license = 'unknown' }: Locked) {
  return / |^unknown$/.test(license) ? { license: { name: license } } : { license: { id: license } };
}

/** The texts of the files of a package whose names match; none for packages of one platform only. */
function textsOf({ path, os, cpu }: LockedPackage, name: RegExp): readonly string[] {
  const folder = new URL(`${path}/`, ROOT);
  if (os !== undefined || cpu !== undefined || !existsSync(folder)) return [];
  const files = readdirSync(folder, { withFileTypes: true }).filter((e) => e.isFile() && name.test(e.name));
  return files
    .map((e) => e.name)
    .sort()
    .map((file) => readFileSync(new URL(file, folder), 'utf8').trim());
}

const LICENSE_FILE = /^(licen[cs]e|copying)([.-]|$)/i;
const COPYRIGHT = /^\W*(copyright\b.*(\d{4}|\(c\)|©)|\(c\) .*\d{4}|© ).*$/i;
/** Licences of this many characters or less are quoted. Longer ones are named. */
const LONGEST = 18_000;

function copyrights(one: LockedPackage): string {
  const lines = textsOf(one, LICENSE_FILE)
    .flatMap((text) => text.split('\n'))
    .map((line) => line.trim());
  const found = lines.filter((line) => COPYRIGHT.test(line) && !/\[yyyy\]|\{yyyy\}/.test(line));
  return [...new Set(found)].slice(0, 3).join('; ').replaceAll(/[|<*]/g, '\\$&');
}

function noticesText(shipped: readonly LockedPackage[]): string {
  const rows = shipped.map(
    (one) => `| ${one.name} | ${one.version} | ${one.license ?? 'unknown'} | ${copyrights(one)} |\n`,
  );
  const ids = [...new Set(shipped.map((one) => one.license ?? 'unknown'))].sort(byText);
  const licences = ids.flatMap((id) => {
    const text = shipped
      .filter((one) => one.license === id && one.name !== 'node')
      .flatMap((one) => textsOf(one, LICENSE_FILE))
      .find((each) => each.length > 300 && each.length < LONGEST);
    if (text === undefined) return [];
    const kept = text.split('\n').filter((line) => !COPYRIGHT.test(line.trim()));
    return [`### ${id}\n\n${quoted(kept.join('\n').trim())}`];
  });
  const notices = shipped.flatMap((one) =>
    textsOf(one, /^notice/i).map((text) => `### ${one.name} ${one.version}\n\n${quoted(text)}`),
  );
  return `${INTRO}
| package | version | licence | copyright |
| --- | --- | --- | --- |
${rows.join('')}
## Licence texts

Each text is without the lines of copyright, which the table has.

${licences.join('\n')}
## Notices of packages

${notices.join('\n')}`;
}

function quoted(text: string): string {
  return `\`\`\`text\n${text.replaceAll('```', "'''").replaceAll('\r', '')}\n\`\`\`\n`;
}

const INTRO = `# Third-party notices

m0 is licensed under the Apache License 2.0 ([LICENSE](LICENSE)). It is shipped with the npm packages below.
\`npm run docs\` writes this page from package-lock.json; [sbom.cdx.json](docs/reference/sbom.cdx.json) is the same list for
programs (CycloneDX 1.5). The files of each package, with their licences, are in \`node_modules\`.

m0 runs programs that are not part of it, each under its own licence: Terraform (Business Source License 1.1), OpenTofu
(MPL-2.0), Terragrunt (MIT), opa (Apache-2.0) and Git (GPL-2.0). The image of the Dockerfile contains Node, Git, OpenSSH,
tini, Terraform (or OpenTofu) and opa. Node and what it contains: the file \`LICENSE\` of the package \`node\`.
`;

/** The generated files: as they are, and as the lock file wants them now. */
export function packageFiles(): readonly {
  readonly url: URL;
  readonly text: string;
  readonly wanted: string;
}[] {
  const lock = readLock();
  const shipped = shippedPackages(lock);
  const read = (url: URL): string => (existsSync(fileURLToPath(url)) ? readFileSync(url, 'utf8') : '');
  return [
    { url: BILL, text: read(BILL), wanted: billText(lock, shipped) },
    { url: NOTICES, text: read(NOTICES), wanted: noticesText(shipped) },
  ];
}

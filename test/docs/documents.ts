/** All documents that people read, their links and their code blocks. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../../', import.meta.url));
/** Written by programs or kept as they came: their code blocks are no examples. */
const OTHERS = new Set(['THIRD-PARTY-NOTICES.md', 'docs/cards/README.md']);

/** Paths of all Markdown documents from the top of the repository. */
export function documentPaths(): readonly string[] {
  const top = readdirSync(ROOT).filter((name) => name.endsWith('.md'));
  const github = readdirSync(join(ROOT, '.github')).map((name) => `.github/${name}`);
  const below = ['docs', 'policies'].flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true }).map((name) => `${folder}/${String(name)}`),
  );
  return [...top, ...github, ...below].filter((path) => path.endsWith('.md')).sort();
}

export function read(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}

/** One fenced block of code. */
export interface Block {
  readonly path: string;
  /** The line of its fence, from 1. */
  readonly line: number;
  /** The language, and what the test must know besides: `yaml stack`. Empty: it has none. */
  readonly tag: string;
  readonly code: string;
}

/** The fenced blocks of the document. */
export function blocksOf(path: string): readonly Block[] {
  const found: Block[] = [];
  let open: { readonly line: number; readonly tag: string; readonly indent: string } | null = null;
  let code: string[] = [];
  read(path)
    .split('\n')
    .forEach((text, i) => {
      const fence = /^(\s*)```(.*)$/.exec(text);
      if (open === null && fence !== null) {
        open = { line: i + 1, tag: (fence[2] ?? '').trim(), indent: fence[1] ?? '' };
        code = [];
      } else if (open !== null && fence !== null) {
        found.push({ path, line: open.line, tag: open.tag, code: `${code.join('\n')}\n` });
        open = null;
      } else if (open !== null) {
        code.push(text.startsWith(open.indent) ? text.slice(open.indent.length) : text);
      }
    });
  return found;
}

/** The blocks of all documents in which code is an example. */
export function exampleBlocks(): readonly Block[] {
  return documentPaths()
    .filter((path) => !OTHERS.has(path))
    .flatMap(blocksOf);
}

/** Where the block is, for the name of its test. */
export function placeOf({ path, line, tag }: Block): string {
  return `${path}:${line} (${tag === '' ? 'no language' : tag})`;
}

function withoutCode(text: string): string {
  return text
    .replaceAll(/^(\s*)```[\s\S]*?^\1```$/gm, '')
    .replaceAll(/`[^`\n]*`/g, (code) => ' '.repeat(code.length));
}

/** Targets of the links and pictures of the document, as they are written. */
export function linksOf(path: string): readonly string[] {
  const text = withoutCode(read(path));
  const inline = [...text.matchAll(/\]\(([^()\s]+)\)/g)].map(([, target = '']) => target);
  const html = [...text.matchAll(/<(?:img|a)\s[^>]*?(?:src|href)="([^"]+)"/g)].map(
    ([, target = '']) => target,
  );
  return [...inline, ...html];
}

/** The anchors of the document's headings, as GitHub makes them. */
export function anchorsOf(path: string): ReadonlySet<string> {
  const seen = new Map<string, number>();
  const text = read(path).replaceAll(/^(\s*)```[\s\S]*?^\1```$/gm, '');
  return new Set(
    [...text.matchAll(/^#{1,6} (.+)$/gm)].map(([, heading = '']) => {
      const plain = heading.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1').replaceAll('`', '');
      const slug = plain
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
        .replaceAll(/\s/g, '-');
      const times = seen.get(slug) ?? 0;
      seen.set(slug, times + 1);
      return times === 0 ? slug : `${slug}-${times}`;
    }),
  );
}

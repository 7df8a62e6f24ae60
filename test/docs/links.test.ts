import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { anchorsOf, documentPaths, linksOf, ROOT } from './documents.ts';

/** What is wrong with a link from a document; null where it leads somewhere, or out of the repository. */
function problemOf(from: string, target: string): string | null {
  if (/^(https?:|mailto:)/.test(target)) return null;
  const [file = '', anchor] = target.split('#');
  const path = file === '' ? from : normalize(join(dirname(from), file)).replace(/\/$/, '');
  if (!existsSync(join(ROOT, path))) return `${target}: there is no ${path}`;
  if (anchor === undefined) return null;
  return anchorsOf(path).has(anchor) ? null : `${target}: ${path} has no heading #${anchor}`;
}

it.each(documentPaths())('every link and anchor of %s leads somewhere', (path) => {
  const problems = linksOf(path).map((target) => problemOf(path, target));
  expect(problems.filter((problem) => problem !== null)).toEqual([]);
});

it('every document that the code, the tests and the policies name is there, with its heading', () => {
  const files = ['src', 'test', 'policies'].flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true })
      .map((name) => `${folder}/${String(name)}`)
      .filter((path) => /\.(ts|mjs|md|rego)$/.test(path))
      // Sample repositories have documents of their own.
      .filter((path) => !path.startsWith('test/unit/git/')),
  );
  const problems = files.flatMap((path) =>
    [
      ...readFileSync(join(ROOT, path), 'utf8').matchAll(
        /(?<![\w/.])docs\/(?:[\w-]+\/)*[\w-]+\.md(?:#[\w-]+)?/g,
      ),
    ]
      .map(([name]) => problemOf('README.md', name))
      .filter((problem) => problem !== null)
      .map((problem) => `${path}: ${problem}`),
  );
  expect(problems).toEqual([]);
});

it('every document can be reached from README.md', () => {
  const reached = new Set<string>();
  const visit = (path: string): void => {
    if (reached.has(path)) return;
    reached.add(path);
    for (const target of linksOf(path)) {
      if (/^(https?:|mailto:|#)/.test(target)) continue;
      const next = normalize(join(dirname(path), target.split('#')[0] ?? ''));
      if (next.endsWith('.md') && existsSync(join(ROOT, next))) visit(next);
    }
  };
  visit('README.md');
  const all = documentPaths().filter((path) => path.startsWith('docs/') || /^[A-Z-]+\.md$/.test(path));
  expect(all.filter((path) => !reached.has(path))).toEqual([]);
});

it('the forms for issues have what GitHub asks for', () => {
  const folder = '.github/ISSUE_TEMPLATE';
  const forms = readdirSync(join(ROOT, folder)).filter((name) => name !== 'config.yml');
  expect(forms.length).toBeGreaterThan(0);
  for (const name of forms) {
    const form = parse(readFileSync(join(ROOT, folder, name), 'utf8')) as {
      readonly body: readonly { readonly type: string; readonly id?: string; readonly attributes: object }[];
    };
    expect(form, name).toMatchObject({ name: expect.any(String), description: expect.any(String) });
    const ids = form.body.filter(({ type }) => type !== 'markdown').map(({ id }) => id);
    expect(new Set(ids).size, name).toBe(ids.length);
    for (const { type, attributes } of form.body) {
      expect(['markdown', 'textarea', 'input', 'dropdown', 'checkboxes'], name).toContain(type);
      expect(attributes, name).toHaveProperty(type === 'markdown' ? 'value' : 'label');
    }
  }
});

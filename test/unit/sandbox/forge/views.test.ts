/** The Git host's views show text of clouds, repositories and people as text, whatever is in it. */
import { describe, expect, it } from 'vitest';
import { diffView, parseDiff } from '../../../../src/sandbox/forge/diff-view.ts';
import { markdownView } from '../../../../src/sandbox/forge/markdown.ts';
import { homePage, type PageParts, problemPage, pullPage } from '../../../../src/sandbox/forge/pages.ts';
import type { Pull } from '../../../../src/sandbox/forge/pulls.ts';
import { inertCodeBlock, inertMarkdown } from '../../../../src/text/inert-markdown.ts';

const HOSTILE = `<img src=x onerror="alert(1)"><script>alert('2')</script> " ' & </td></main>`;
const markdown = async (text: string): Promise<string> => String(await markdownView(text));
const diff = async (text: string): Promise<string> => String(await diffView(text));

/** The text of the HTML as a person sees it. */
function shown(html: string): string {
  const text = html.replace(/<[^>]*>/g, '');
  const named: Record<string, string> = { lt: '<', gt: '>', quot: '"', amp: '&' };
  return text
    .replace(/&#(\d+);/g, (_, code) => String.fromCodePoint(Number(code)))
    .replace(/&(lt|gt|quot|amp);/g, (_, name: string) => named[name] ?? '');
}

/** The elements that the HTML has, with their attributes. */
const elements = (html: string): readonly string[] => html.match(/<[a-z][^>]*>/g) ?? [];

describe('the Markdown of a pull request', () => {
  it('shows headings, lists, tables, code, folded parts, bold text and links', async () => {
    const html = await markdown(
      [
        '# What',
        'One **bold** `word`',
        'and [a link](https://acme.dev/x).',
        '',
        '- first',
        '- second',
        '',
        '| a | b |',
        '|---|---|',
        '| 1 | 2 |',
        '',
        '```diff',
        '+ added',
        '- removed',
        '```',
        '',
        '<details><summary>More</summary>',
        'inside',
        '</details>',
      ].join('\n'),
    );
    for (const part of [
      '<h2>What</h2>',
      '<strong>bold</strong> <code>word</code>',
      '<a href="https://acme.dev/x" rel="noreferrer">a link</a>',
      '<ul><li>first</li><li>second</li></ul>',
      '<th>a</th><th>b</th>',
      '<td>1</td><td>2</td>',
      '<span class="added">+ added\n</span><span class="removed">- removed\n</span>',
      '<summary>More</summary><p>inside</p>',
    ]) {
      expect(html).toContain(part);
    }
  });

  it.each([
    ['a paragraph', (text: string) => text],
    ['a heading', (text: string) => `# ${text}`],
    ['a list', (text: string) => `- ${text}`],
    ['bold text', (text: string) => `**${text}**`],
    ['code', (text: string) => `\` ${text} \``],
    ['a block of code', (text: string) => `\`\`\`diff\n+${text}\n\`\`\``],
    ['a table', (text: string) => `| ${text} | b |\n|---|---|\n| ${text} | 2 |`],
    ['the label of a link', (text: string) => `[${text}](https://acme.dev)`],
    ['a folded part', (text: string) => `<details><summary>${text}</summary>\n${text}\n</details>`],
  ])('has no HTML of its own: %s', async (_, written) => {
    const html = await markdown(written(HOSTILE));
    expect(shown(html)).toContain(`<img src=x onerror="alert(1)"><script>alert('2')</script>`);
    for (const element of elements(html)) {
      expect(element).toMatch(
        /^<(p|h2|ul|li|strong|code|pre|span|div|table|thead|tbody|tr|th|td|a|details|summary)\b/,
      );
      expect(element).not.toMatch(/\son\w+=/);
    }
  });

  it.each([
    '[x](javascript:alert(1))',
    '[x](JavaScript:alert`1`)',
    '[x](data:text/html;base64,PHNjcmlwdD4=)',
    '[x](//evil.example)',
    '<javascript:alert(1)>',
    '[x](https://a.dev" onclick="alert(1))',
    '[x](https://a.dev\njavascript:alert(1))',
  ])('has links to web addresses alone: %s', async (text) => {
    const html = await markdown(text);
    for (const [, href] of html.matchAll(/href="([^"]*)"/g)) expect(href).toMatch(/^https?:\/\/[^\s]+$/);
    for (const element of elements(html)) expect(element).not.toMatch(/\son\w+=|javascript:|data:/i);
  });

  it('shows what m0 has made inert exactly as it was', async () => {
    const text = '# a_b* [x](y) `c` <i> & | @dana #12 https://a.dev ~~s~~ $x$ 1. -';
    expect(shown(await markdown(inertMarkdown(text))).replaceAll('\u200b', '')).toBe(text);
    expect(shown(await markdown(inertCodeBlock('a\n```\n</pre>b', 'diff')))).toBe('a\n```\n</pre>b\n');
  });

  it('ends with the text: an unfinished block, mark or entity is no error', async () => {
    for (const text of [
      '```diff\n+a',
      '<details><summary>x</summary>\na',
      '**a',
      '[a](',
      '`',
      '|a|\n|-',
      '&#999999999;',
      '&#1114112;',
      '&#55296;',
      '',
    ])
      await expect(markdown(text)).resolves.toBeTypeOf('string');
  });
});

describe('a diff', () => {
  const TEXT = [
    'diff --git a/main.tf b/main.tf',
    'index 1..2 100644',
    '--- a/main.tf',
    '+++ b/main.tf',
    '@@ -3,3 +3,4 @@ resource "x" "y" {',
    ' same',
    '-old',
    '+new',
    '+++ not a header',
    ' last',
    '\\ No newline at end of file',
    '',
  ].join('\n');

  it('has the lines with their numbers on both sides', () => {
    const [file, ...others] = parseDiff(TEXT);
    expect(others).toEqual([]);
    expect(file).toMatchObject({ name: 'main.tf' });
    expect(file?.lines.map(({ kind, text, before, after }) => [kind, text, before, after])).toEqual([
      ['place', 'resource "x" "y" {', null, null],
      ['same', 'same', 3, 3],
      ['removed', 'old', 4, null],
      ['added', 'new', null, 4],
      ['added', '++ not a header', null, 5],
      ['same', 'last', 5, 6],
    ]);
  });

  it('says that there is none, and names binary files', async () => {
    expect(await diff('')).toContain('No file differs.');
    const binary = 'diff --git a/x.bin b/x.bin\nBinary files a/x.bin and b/x.bin differ\n';
    expect(shown(await diff(binary))).toContain('Binary files a/x.bin and b/x.bin differ');
  });

  it('shows hostile names and lines as text', async () => {
    const html = await diff(
      `diff --git a/${HOSTILE} b/${HOSTILE}\n--- a\n+++ b\n@@ -1 +1 @@ ${HOSTILE}\n-${HOSTILE}\n+${HOSTILE}\n`,
    );
    for (const element of elements(html)) {
      expect(element).toMatch(/^<(section|h3|span|b|div|table|tbody|tr|td)\b/);
      expect(element).not.toMatch(/\son\w+=/);
    }
    expect(shown(html).split('<script>')).toHaveLength(5);
  });
});

describe('the pages', () => {
  const parts: PageParts = {
    ...{ name: 'acme/infra', zone: 'UTC', chat: 'http://127.0.0.1:3979' },
    members: [{ login: 'kim', name: HOSTILE, email: 'kim@acme.dev' }],
  };
  const pull: Pull = {
    ...{ number: 1, title: HOSTILE, body: HOSTILE, head: `m0/${HOSTILE}`, base: HOSTILE, state: 'open' },
    ...{ headSha: 'a'.repeat(40), baseSha: 'b'.repeat(40), endedBy: null, mergeCommit: null, createdAt: 0 },
    ...{ endedAt: null, comments: [{ by: HOSTILE, at: 0, body: HOSTILE }], reviewers: ['kim', HOSTILE] },
  };
  const commit = { sha: 'a'.repeat(40), author: HOSTILE, at: 0, subject: HOSTILE };

  it.each([
    ['of a pull request', () => pullPage(parts, pull, { diff: '', commits: [commit] }, HOSTILE)],
    [
      'of one that was merged',
      () =>
        pullPage(
          parts,
          { ...pull, state: 'merged', endedBy: HOSTILE, endedAt: 1 },
          { diff: '', commits: [] },
          null,
        ),
    ],
    ['of all pull requests', () => homePage(parts, [pull], [commit])],
    ['of a problem', () => problemPage(parts, HOSTILE)],
  ])('show hostile titles, branches and names as text: the page %s', async (_, page) => {
    const html = String(await page());
    expect(html).not.toMatch(/<img|<script|<\/td>/);
    expect(html.match(/<\/main>/g)).toHaveLength(1);
    for (const element of elements(html)) expect(element).not.toMatch(/\son\w+=/);
    expect(shown(html)).toContain("<script>alert('2')</script>");
  });

  it('have the buttons while a pull request is open, and none after it', async () => {
    const content = { diff: '', commits: [] };
    expect(String(await pullPage(parts, pull, content, null))).toContain('value="merge"');
    const merged = String(await pullPage(parts, { ...pull, state: 'merged', endedBy: 'kim' }, content, null));
    expect(merged).not.toContain('<form');
  });
});

import { describe, expect, it } from 'vitest';
import { inertCode, inertCodeBlock, inertMarkdown, inertTitle } from '../../../src/text/inert-markdown.ts';

/** The text as both hosts show it: escapes and entities resolved. */
function shown(markdown: string): string {
  return markdown
    .replace(/\\([!-/:-@[-`{-~])/g, '$1')
    .replace(/&#(\d+);/g, (_, code: string) => String.fromCodePoint(Number(code)));
}

const HOSTILE = [
  '@dana and @acme/sre',
  'closes #12, acme/infra#13, GH-14 and OPS-15, !16, $17, ~label, %milestone, &18',
  'https://evil.example/x www.evil.example dana@acme.dev',
  '[click](https://evil.example) ![x](https://evil.example/x.png)',
  '<img src=x onerror=alert(1)><!-- --></details>',
  '**bold** _it_ ~~gone~~ `code` | cell | $x$',
  '/approve',
  '# heading',
  '- item',
  '1. item',
  '> quote',
  '&#64;dana &lt;b&gt; \\@dana',
  ':smile:',
];

describe('inertMarkdown', () => {
  it.each(HOSTILE)('shows exactly this: %s', (text) => {
    expect(shown(inertMarkdown(text)).replaceAll('\u200b', '')).toBe(text);
  });

  it.each(HOSTILE)('has nothing that Markdown reads: %s', (text) => {
    const left = inertMarkdown(text)
      .replace(/\\[!-/:-@[-`{-~]/g, '')
      .replace(/&#\d+;/g, '');
    expect(left).not.toMatch(/[@#<>&*_[\]()`|~!$/\\:%.-]/);
  });

  it.each(HOSTILE)('has nothing that a host finds in the shown text: %s', (text) => {
    const seen = shown(inertMarkdown(text));
    expect(seen).not.toMatch(/[@#!$~%&](?=[\p{L}\p{N}_"'{-])/u);
    expect(seen).not.toMatch(/:\/\/|www\.|\b[A-Za-z]+-\d|:[a-z]+:/);
  });

  it('is one line, whatever the text has', () => {
    expect(inertMarkdown('a\n/close\r\n\u202eb')).not.toMatch(/[\r\n\u202e]/);
  });
});

describe('inertCode', () => {
  it('can’t be ended by the text', () => {
    expect(inertCode('a `` b')).toBe('``` a `` b ```');
    expect(inertCode('a\nb')).toBe('` a\\nb `');
  });
});

describe('inertCodeBlock', () => {
  it('can’t be ended by the text, and keeps its lines', () => {
    expect(inertCodeBlock('+\ta\n````\n@dana\n', 'diff')).toBe('`````diff\n+\ta\n````\n@dana\n`````');
    expect(inertCodeBlock('a', 'x\n`')).toBe('```x\na\n```');
  });
});

describe('inertTitle', () => {
  it('is one line without mentions, and not too long', () => {
    expect(inertTitle('a\n@dana')).toBe('a\\n@\u200bdana');
    expect(inertTitle('x'.repeat(500)).length).toBe(240);
  });
});

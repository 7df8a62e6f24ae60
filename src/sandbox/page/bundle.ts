/** Bundles the chat page with esbuild. */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

export interface Bundle {
  readonly html: string;
  readonly script: string;
  readonly style: string;
}

const HTML = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>m0 sandbox</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/app.css">
</head>
<body><div id="root"></div><script src="/app.js"></script></body>
</html>
`;

/** Later files override earlier ones. */
const TEAMS = ['theme', 'nav', 'messages', 'box', 'card', 'narrow'].map((name) => `teams/${name}`);
const STYLES = ['colors', 'frame', 'chat', 'blocks', 'narrow', 'panes', ...TEAMS];

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/**
 * Bundles a script of the page (by default the page itself) with the page's styles, in memory. Rejects with
 * esbuild's error.
 */
export async function bundlePage(entry = here('client/main.tsx')): Promise<Bundle> {
  const [built, styles] = await Promise.all([
    build({
      entryPoints: [entry],
      bundle: true,
      write: false,
      format: 'iife',
      target: 'es2022',
      jsx: 'automatic',
      minify: true,
      define: { 'process.env.NODE_ENV': '"production"' },
      logLevel: 'silent',
    }),
    Promise.all(STYLES.map((name) => readFile(here(`client/${name}.css`), 'utf8'))),
  ]);
  const [script] = built.outputFiles;
  if (!script) throw new Error('bundling the page: esbuild wrote nothing');
  return { html: HTML, script: script.text, style: styles.join('\n') };
}

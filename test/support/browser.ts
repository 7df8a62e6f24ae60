/** Finds Chromium and launches it headless, for tests of the sandbox page and for pictures of cards. */
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { type Browser, chromium } from 'playwright-core';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome'];

const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Chromium's path: `M0_CHROMIUM`, else found in PATH. Throws if there is none, naming the package to install. */
export function findBrowser(
  env: Readonly<Record<string, string | undefined>>,
  usual: readonly string[] = ['/usr/bin/chromium'],
): string {
  const named = env.M0_CHROMIUM;
  if (named) {
    if (existsSync(named)) return named;
    throw new Error(`looking for a browser: M0_CHROMIUM names ${named}, which is not there`);
  }
  const folders = (env.PATH ?? '').split(delimiter).filter(Boolean);
  const candidates = [...usual, ...folders.flatMap((folder) => NAMES.map((name) => join(folder, name)))];
  const found = candidates.find((path) => existsSync(path));
  if (found) return found;
  throw new Error(
    'looking for a browser: no Chromium found. Install the package `chromium` (Debian: apt-get install chromium), or set M0_CHROMIUM to its path',
  );
}

/** A headless browser; the caller closes it. */
export function launchBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: findBrowser(process.env), args: FLAGS });
}

/**
 * The dark theme of Teams, which Microsoft's local client lacks: it always renders cards with the colours of
 * the light theme. For dark pictures its colours are replaced by those of Teams' dark theme.
 */
import type { BrowserContext } from 'playwright-core';

const TEXT = '#ffffff';
const QUIET = '#bfffffff';
const GROUND = '#2d2c2c';
const DARK_TEXT = {
  default: { default: TEXT, subtle: QUIET },
  accent: { default: '#a6a7dc', subtle: '#8b8cc7' },
  good: { default: '#92c353', subtle: '#e592c353' },
  warning: { default: '#f8d22a', subtle: '#e5f8d22a' },
  attention: { default: '#d74654', subtle: '#e5d74654' },
};
const DARK = {
  default: { backgroundColor: GROUND, borderColor: '#cccccc', foregroundColors: DARK_TEXT },
  emphasis: { backgroundColor: '#292828', borderColor: '#666666', foregroundColors: DARK_TEXT },
};

/** Colours of buttons and fields, from the tokens of Fluent, Microsoft's design system. */
export const DARK_STYLE = `
[data-looked="now"] { color: ${TEXT}; color-scheme: dark;
  --colorNeutralForeground1: ${TEXT}; --colorNeutralForeground4: #adadad; --colorNeutralBackground1: #333232;
  --colorNeutralStroke1: #605e5c; --colorNeutralStrokeAccessible: #adadad; --colorPaletteRedForeground3: #e37d80; }`;

/** A set of colours in the client's script, as `"default":{"foregroundColors":{…},"borderColor":"…","backgroundColor":"…"}`. */
const setOf = (style: string): RegExp =>
  new RegExp(
    `(?<="${style}":)\\{"foregroundColors":\\{(?:"\\w+":\\{[^{}]*\\},?)+\\},"borderColor":"#\\w+","backgroundColor":"#\\w+"\\}`,
  );

/** Makes the client in this browser render cards in dark colours. */
export async function turnDark(context: BrowserContext, url: string): Promise<void> {
  const page = await (await fetch(url)).text();
  const path = /src="(\/static\/js\/main\.[^"]+\.js)"/.exec(page)?.[1];
  if (path === undefined) throw new Error("turning Microsoft's client dark: its page names no script");
  let script = await (await fetch(new URL(path, url))).text();
  for (const [style, colours] of Object.entries(DARK)) {
    const light = setOf(style);
    if (!light.test(script)) {
      throw new Error(`turning Microsoft's client dark: its script has no colours for "${style}" any more`);
    }
    script = script.replace(light, () => JSON.stringify(colours));
  }
  await context.route(`**${path}`, (route) =>
    route.fulfill({ contentType: 'text/javascript', body: script }),
  );
}

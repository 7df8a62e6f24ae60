/** Measures pages in a browser: the contrast of each text, and the rules of axe-core. */
import axe from 'axe-core';
import type { Page } from 'playwright-core';

/** WCAG 2.2, AA: text of a normal size. Large text would need only 3; m0's pages don't use that. */
const LEAST = 4.5;

/**
 * The texts of the page whose contrast is below 4.5, with their colours. It also measures what is scrolled out of sight,
 * which axe-core does not. Left out, as in WCAG: controls that are disabled.
 */
export function lowContrast(page: Page): Promise<readonly string[]> {
  return page.evaluate((least) => {
    type Colour = readonly [number, number, number, number];
    const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
    if (canvas === null) throw new Error('measuring contrast: the browser draws nothing');
    const known = new Map<string, Colour>();
    const read = (css: string): Colour => {
      const found = known.get(css);
      if (found !== undefined) return found;
      canvas.clearRect(0, 0, 1, 1);
      canvas.fillStyle = css;
      canvas.fillRect(0, 0, 1, 1);
      const [r = 0, g = 0, b = 0, a = 0] = canvas.getImageData(0, 0, 1, 1).data;
      const colour: Colour = [r, g, b, a / 255];
      known.set(css, colour);
      return colour;
    };
    const over = ([r, g, b, a]: Colour, [x, y, z]: Colour, opacity = 1): Colour => {
      const part = a * opacity;
      return [r * part + x * (1 - part), g * part + y * (1 - part), b * part + z * (1 - part), 1];
    };
    const canvasColour = read(getComputedStyle(document.documentElement).backgroundColor);
    const dark = matchMedia('(prefers-color-scheme: dark)').matches;
    const ground: Colour = canvasColour[3] > 0 ? canvasColour : dark ? [18, 18, 18, 1] : [255, 255, 255, 1];
    const grounds = new Map<Element, Colour>();
    const behind = (element: Element): Colour => {
      const found = grounds.get(element);
      if (found !== undefined) return found;
      // A dialog is drawn above the page, so nothing of its parents is behind it.
      const parent = element.matches('dialog') ? null : element.parentElement;
      const below = parent === null ? ground : behind(parent);
      const style = getComputedStyle(element);
      const made = over(read(style.backgroundColor), below, Number(style.opacity));
      grounds.set(element, made);
      return made;
    };
    const opacityOf = (element: Element | null): number =>
      element === null ? 1 : Number(getComputedStyle(element).opacity) * opacityOf(element.parentElement);
    const light = ([r, g, b]: Colour): number => {
      const [x = 0, y = 0, z = 0] = [r, g, b].map((part) =>
        part / 255 <= 0.04045 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4,
      );
      return 0.2126 * x + 0.7152 * y + 0.0722 * z;
    };
    const low = new Map<string, string>();
    const look = (element: Element, css: string, words: string): void => {
      const back = behind(element);
      const [a = 0, b = 0] = [light(over(read(css), back, opacityOf(element))), light(back)].sort(
        (x, y) => y - x,
      );
      const contrast = (a + 0.05) / (b + 0.05);
      const name = `${element.tagName.toLowerCase()}.${element.className}`;
      const line = `${contrast.toFixed(2)} ${name}: ${words.trim().slice(0, 40)}`;
      if (contrast < least) low.set(`${name} ${contrast.toFixed(2)}`, line);
    };
    const isShown = (element: Element): boolean =>
      element.checkVisibility({ checkOpacity: true, checkVisibilityCSS: true }) &&
      element.closest(':disabled, .unseen') === null;
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    let measured = 0;
    for (let node = texts.nextNode(); node !== null; node = texts.nextNode()) {
      const { parentElement: parent, textContent } = node;
      if (parent === null || textContent?.trim() === '' || !isShown(parent)) continue;
      if (parent.matches('script, style, option')) continue;
      look(parent, getComputedStyle(parent).color, textContent ?? '');
      measured += 1;
    }
    for (const field of document.querySelectorAll('input, textarea, select')) {
      if (!isShown(field)) continue;
      look(field, getComputedStyle(field).color, 'a field');
      if (field.hasAttribute('placeholder'))
        look(field, getComputedStyle(field, '::placeholder').color, 'a placeholder');
    }
    if (measured === 0) low.set('', 'the page shows no text');
    return [...low.values()].sort();
  }, LEAST);
}

/** What axe-core finds against WCAG 2.2 (A and AA) and against good practice, one line for each element. */
export async function brokenRules(page: Page): Promise<readonly string[]> {
  await page.evaluate(axe.source);
  return page.evaluate(async () => {
    const { axe: runner } = window as unknown as { axe: typeof axe };
    // `lowContrast` measures contrast, also of what axe-core can't decide.
    const { violations } = await runner.run(document, {
      resultTypes: ['violations'],
      rules: { 'color-contrast': { enabled: false }, 'target-size': { enabled: true } },
    });
    return violations.flatMap(({ id, help, nodes }) =>
      nodes.map((node) => `${id}: ${help}: ${node.target.join(' ')} ${node.html.slice(0, 160)}`),
    );
  });
}

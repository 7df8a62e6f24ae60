/** A person who uses a page by keyboard alone. */
import type { Page } from 'playwright-core';
import { expect } from 'vitest';

/** The most steps to anything. More is out of reach for a person. */
const STEPS = 40;

export interface Keyboard {
  /** The name of what has the focus; a focus that nobody can see is a problem. */
  focused(): Promise<string>;
  /** Presses Tab until this has the focus; everything that had it on the way. */
  tabTo(name: string): Promise<readonly string[]>;
  /** The same backwards. */
  back(name: string): Promise<readonly string[]>;
}

export function keyboardOf(tab: Page): Keyboard {
  const focused = () =>
    tab.evaluate(() => {
      const { activeElement: active } = document;
      const { outlineStyle, outlineWidth } = getComputedStyle(active ?? document.body);
      // A field in a box that shows the focus itself.
      const inBox = active?.matches('.composer textarea, .t-box textarea');
      const seen = (outlineStyle !== 'none' && outlineWidth !== '0px') || inBox;
      const isField =
        active instanceof HTMLInputElement ||
        active instanceof HTMLTextAreaElement ||
        active instanceof HTMLSelectElement;
      const label = isField ? active.labels?.[0]?.textContent : undefined;
      const name = active?.getAttribute('aria-label') ?? label ?? active?.textContent ?? '';
      return `${name}${active === document.body ? 'nothing' : seen ? '' : ' (unseen)'}`;
    });
  const goTo = async (key: 'Tab' | 'Shift+Tab', name: string): Promise<readonly string[]> => {
    const passed: string[] = [];
    while (passed.at(-1) !== name) {
      await tab.keyboard.press(key);
      passed.push(await focused());
      if (passed.length > STEPS) throw new Error(`the keyboard does not reach ${name}: ${passed.join(', ')}`);
    }
    return passed;
  };
  return {
    focused,
    tabTo: (name) => goTo('Tab', name),
    back: async (name) => ((await focused()) === name ? [] : goTo('Shift+Tab', name)),
  };
}

/** Fails unless this has the focus. */
export async function expectFocus(keyboard: Keyboard, name: string): Promise<void> {
  await expect.poll(() => keyboard.focused()).toBe(name);
}

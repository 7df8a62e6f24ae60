import { describe, expect, test } from 'vitest';
import { escapeMrkdwn, notification } from '../../../../src/chat/slack/inert.ts';
import { cutMiddle, visible } from '../../../../src/text/inert.ts';
import { clip } from '../../../../src/text/words.ts';

describe('visible', () => {
  test.each([
    ['right-to-left override', 'a\u202Eb', 'a\\u202eb'],
    ['zero width space', 'a\u200Bb', 'a\\u200bb'],
    ['line break', 'a\nb', 'a\\nb'],
    ['line separator', 'a\u2028b', 'a\\u2028b'],
    ['control character', 'a\u0007b', 'a\\u0007b'],
    ['half a character', 'a\uD83Db', 'a\\ud83db'],
    ['invisible tag', 'a\u{E0041}b', 'a\\u{e0041}b'],
    ['hangul filler', 'a\u3164b', 'a\\u3164b'],
    ['soft hyphen', 'a\u00ADb', 'a\\u00adb'],
  ])('writes out a %s', (_name, text, shown) => {
    expect(visible(text)).toBe(shown);
  });

  test('leaves what people write as it is', () => {
    const text = 'Zoë → prod «ünïcode» 日本語 😀 ⚠️';
    expect(visible(text)).toBe(text);
  });
});

test('mrkdwn is escaped once and cannot mention', () => {
  expect(escapeMrkdwn('<!channel> & <@U1> &lt;')).toBe('&lt;!channel&gt; &amp; &lt;@U1&gt; &amp;lt;');
});

test('a notification is never empty, makes no link and cuts no entity in two', () => {
  expect(notification('', 10)).toBe('m0');
  expect(notification('https://evil.example', 100)).toBe('https: //evil.example');
  expect(notification('a<<<<', 3)).toBe('a&lt;…');
});

describe('cutting', () => {
  test('keeps what fits', () => {
    expect(clip('abc', 3)).toBe('abc');
    expect(cutMiddle('abc', 3)).toBe('abc');
  });

  test('stays within the limit and says that something is missing', () => {
    expect(clip('abcdef', 4)).toBe('abc…');
    expect(cutMiddle('abcdefgh', 5)).toBe('ab…gh');
  });

  test('splits no character', () => {
    expect(clip('a😀b', 3).isWellFormed()).toBe(true);
    expect(cutMiddle('😀😀😀😀', 5).isWellFormed()).toBe(true);
    expect(cutMiddle('😀😀😀😀', 4).isWellFormed()).toBe(true);
  });
});

/** The sample cards as a screen reader reads them. */
import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { isRecord } from '../../src/base/is-record.ts';
import { spokenLabel } from '../../src/messages/spoken-label.ts';

type Fields = Readonly<Record<string, unknown>>;

/** Every object in what is sent. */
function* objects(value: unknown): Generator<Fields> {
  if (isRecord(value)) yield value;
  for (const one of isRecord(value) || Array.isArray(value) ? Object.values(value) : []) yield* objects(one);
}

function sentTo(chat: 'slack' | 'teams'): readonly (readonly [string, readonly Fields[]])[] {
  const folder = new URL(`./${chat}/`, import.meta.url);
  return readdirSync(folder).map((file) => [
    file,
    [...objects(JSON.parse(readFileSync(new URL(file, folder), 'utf8')))],
  ]);
}

/** Labels that many cards have: alone they don't say which card they are on. */
const COMMON =
  /^(Full diff|Snooze…|Accept drift…|Reject: leave it|Unsnooze|Undo accept|The patch|Why|Approve:)/;
const PICTURE = /\d/;

test('each Slack button says which run it is of, in the words that it shows, and each picture what it shows', () => {
  let seen = 0;
  for (const [file, all] of sentTo('slack')) {
    for (const one of all) {
      if (one.type === 'image') expect([file, one.alt_text]).toEqual([file, expect.stringMatching(PICTURE)]);
      const value = String(one.value);
      if (one.type !== 'button' || !isRecord(one.text) || !/ #\d/.test(value)) continue;
      const text = String(one.text.text);
      if (!COMMON.test(text)) continue;
      const spoken = String(one.accessibility_label);
      seen += 1;
      expect([file, spoken.length <= 75 && spoken.startsWith(text)]).toEqual([file, true]);
      expect([file, spoken]).toEqual([file, expect.stringMatching(/run #\d+$/)]);
    }
  }
  expect(seen).toBeGreaterThan(100);
});

test('each Teams button says it too, each field has a label, and each picture says what it shows', () => {
  let seen = 0;
  for (const [file, all] of sentTo('teams')) {
    for (const one of all) {
      if (one.type === 'Image') expect([file, one.altText]).toEqual([file, expect.stringMatching(PICTURE)]);
      if (String(one.type).startsWith('Input.'))
        expect([file, one.label]).toEqual([file, expect.stringMatching(/\w/)]);
      const data = isRecord(one.data) ? String(one.data.command) : '';
      const isOpener = one.type === 'Action.ShowCard';
      if (!isOpener && !/ #\d/.test(data)) continue;
      if (!COMMON.test(String(one.title)) || one.tooltip === undefined) continue;
      seen += 1;
      expect([file, one.tooltip]).toEqual([file, expect.stringMatching(/, (run #\d+|\S+)$/)]);
      expect(String(one.tooltip).startsWith(String(one.title))).toBe(true);
    }
  }
  expect(seen).toBeGreaterThan(100);
});

test('a spoken label is left out where it would be cut, and where the label says it alone', () => {
  expect(spokenLabel({ label: 'Full diff', command: 'show #42' }, 75)).toBe('Full diff, run #42');
  expect(spokenLabel({ label: 'Snooze…', command: 'snooze #42 aws_s3_bucket.logs' }, 75)).toBe(
    'Snooze…, aws_s3_bucket.logs, run #42',
  );
  const long = `snooze #42 module.${'a'.repeat(80)}`;
  expect(spokenLabel({ label: 'Snooze…', command: long }, 75)).toBe('Snooze…, run #42');
  expect(spokenLabel({ label: 'Resume prod', command: 'resume prod' }, 75)).toBeNull();
  expect(spokenLabel({ label: 'a'.repeat(70), command: 'show #42' }, 75)).toBeNull();
});

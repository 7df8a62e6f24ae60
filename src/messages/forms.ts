/** Forms for what a click can't express. parseCommand reads the answers by the names of the fields. */
import { REASON_LIMIT } from '../commands/parse.ts';
import { acceptText, snoozeText } from '../commands/text.ts';
import { clip, count } from '../text/words.ts';
import type { Form, FormField } from './card.ts';
import { describeChanges } from './changes.ts';
import { openNow } from './finding-status.ts';
import { strong, text } from './spans.ts';
import type { DriftView } from './view.ts';

/** The most options in one list, including "all". Other addresses can be typed. */
const CHOICES = 50;
/** The longest list of changes that an accept leaves out of every apply, in characters. */
const LEFT_OUT = 300;

const TIMES = [
  { label: '1 hour', value: '1h' },
  { label: '4 hours', value: '4h' },
  { label: 'Until tomorrow 9:00', value: 'until tomorrow 9:00' },
  { label: '3 days', value: '3d' },
  { label: 'Until Monday 9:00', value: 'until monday 9:00' },
  { label: '1 week', value: '1w' },
  { label: '30 days', value: '30d' },
  { label: 'Until it changes', value: 'until it changes' },
] as const;

function addressField(view: DriftView, chosen: string | null): FormField {
  const addresses = openNow(view).map((f) => f.finding.address);
  const all = {
    label: addresses.length === 1 ? 'All of this run' : `All ${addresses.length} of this run`,
    value: 'all',
  };
  const options = addresses.slice(0, CHOICES - 1).map((address) => ({ label: address, value: address }));
  const single = addresses.length === 1 ? addresses[0] : undefined;
  const initial = chosen !== null && addresses.includes(chosen) ? chosen : (single ?? 'all');
  const listed = initial === 'all' || options.some((o) => o.value === initial);
  return {
    kind: 'choice',
    name: 'address',
    label: 'What',
    options: [all, ...options, ...(listed ? [] : [{ label: initial, value: initial }])],
    initial,
  };
}

function reasonField(required: boolean, hint: string): FormField {
  return { kind: 'text', name: 'reason', label: 'Why', hint, required, maxLength: REASON_LIMIT };
}

function what(view: DriftView): string {
  return `${clip(view.stack, 80)}, run #${view.runId}, ${count(openNow(view).length, 'resource')}. `;
}

/** Asks for duration, resource and reason. `address`: the resource that was already clicked or typed. */
export function snoozeForm(view: DriftView, address: string | null = null): Form {
  return {
    title: 'Snooze drift',
    submit: 'Snooze',
    intro: [
      strong(what(view)),
      text(
        'Stays as it is in the cloud, quiet and out of every apply, until then or until one of its values changes.',
      ),
    ],
    command: snoozeText(view.runId),
    fields: [
      { kind: 'choice', name: 'for', label: 'For how long', options: TIMES, initial: '4h' },
      addressField(view, address),
      reasonField(false, 'Shown on the card and kept in the history'),
    ],
  };
}

/** Asks which drift to accept, and why. `address`: the resource that was already clicked or typed. */
export function acceptForm(view: DriftView, address: string | null = null): Form {
  const open = openNow(view).map((f) => f.finding);
  const about = address === null ? open : open.filter((f) => f.address === address);
  return {
    title: 'Accept drift',
    submit: 'Keep as it is',
    intro: [
      strong(what(view)),
      text('Becomes part of the baseline: left as it is in the cloud until one of its values changes. '),
      ...(about.length === 0
        ? []
        : [text('What no apply will do from then on: '), text(describeChanges(about, LEFT_OUT))]),
    ],
    command: acceptText(view.runId),
    fields: [addressField(view, address), reasonField(true, 'Shown in the baseline and kept in the history')],
  };
}

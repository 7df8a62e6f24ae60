/** Forms for what a click can't express. parseCommand reads the answers by the names of the fields. */
import { REASON_LIMIT } from '../commands/parse.ts';
import { acceptText, snoozeText } from '../commands/text.ts';
import type { Finding } from '../drift/finding.ts';
import { clip, count } from '../text/words.ts';
import type { Form, FormField } from './card.ts';
import { keptWords } from './changes.ts';
import { openNow } from './finding-status.ts';
import { strong, text } from './spans.ts';
import type { DriftView } from './view.ts';

/** The most options in one list, including "all". Other addresses can be typed. */
const CHOICES = 50;
/** The longest description of what an accept keeps, in characters. */
const KEPT = 300;

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

/** Until when drift is accepted. Another end can be typed as a date. */
const ENDS = [
  { label: 'Until it changes', value: 'until it changes' },
  { label: '1 week, or until it changes', value: '1w' },
  { label: '30 days, or until it changes', value: '30d' },
  { label: '90 days, or until it changes', value: '90d' },
] as const;

/** `preselect`: whether all is chosen where the run has several findings. */
function addressField(view: DriftView, chosen: string | null, preselect: boolean): FormField {
  const addresses = openNow(view).map((f) => f.finding.address);
  const all = {
    label: addresses.length === 1 ? 'All of this run' : `All ${addresses.length} of this run`,
    value: 'all',
  };
  const options = addresses.slice(0, CHOICES - 1).map((address) => ({ label: address, value: address }));
  const single = addresses.length === 1 ? addresses[0] : undefined;
  const known = chosen !== null && addresses.includes(chosen) ? chosen : single;
  const initial = known ?? (preselect ? 'all' : undefined);
  const listed = initial === undefined || initial === 'all' || options.some((o) => o.value === initial);
  return {
    kind: 'choice',
    name: 'address',
    label: 'What',
    options: [
      all,
      ...options,
      ...(listed || initial === undefined ? [] : [{ label: initial, value: initial }]),
    ],
    ...(initial === undefined ? {} : { initial }),
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
      addressField(view, address, true),
      reasonField(false, 'Shown on the card and kept in the history'),
    ],
  };
}

/** What is kept, as one sentence: `Keeps ingress 22/tcp from 203.0.113.7/32 on aws_security_group.web as it is.` */
function keptSentence(findings: readonly Finding[]): string {
  const quiet = 'and says nothing more about it until one of its values changes.';
  const [only, ...others] = findings;
  if (only === undefined || others.length > 0) {
    return `Keeps what you choose as it is in the cloud, out of every apply, ${quiet}`;
  }
  const room = KEPT - quiet.length;
  return `Keeps ${clip(keptWords(only), room)} as it is in the cloud, out of every apply, ${quiet}`;
}

/** Asks which drift to accept, until when, and why. `address`: the resource that was already clicked or typed. */
export function acceptForm(view: DriftView, address: string | null = null): Form {
  const open = openNow(view).map((f) => f.finding);
  const about = address === null ? open : open.filter((f) => f.address === address);
  return {
    title: 'Accept drift',
    submit: 'Keep as it is',
    intro: [strong(what(view)), text(keptSentence(about))],
    command: acceptText(view.runId),
    fields: [
      addressField(view, address, false),
      { kind: 'choice', name: 'for', label: 'Until when', options: ENDS, initial: 'until it changes' },
      {
        kind: 'text',
        name: 'until',
        label: 'Or until a date',
        hint: '2026-12-31, or 2026-12-31 9:00',
        required: false,
        maxLength: 40,
      },
      reasonField(true, 'Shown in the baseline and kept in the history'),
    ],
  };
}

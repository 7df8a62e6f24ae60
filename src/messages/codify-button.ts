/** The buttons and the form that put drift into the code. */
import { codifyText } from '../commands/text.ts';
import type { Finding } from '../drift/finding.ts';
import { givesPatch, isActive } from '../model/codification.ts';
import { clip } from '../text/words.ts';
import type { Button, Form } from './card.ts';
import { keptWords } from './changes.ts';
import { openNow } from './finding-status.ts';
import { strong, text } from './spans.ts';
import type { DriftView } from './view.ts';

/** The most options in one list. Other addresses can be typed. */
const CHOICES = 50;
/** The longest description of what the code will say, in characters. */
const KEPT = 130;
const HOW =
  'Changes nothing in the cloud. m0 edits the code, plans the edit, and opens a pull request only if the plan agrees.';

/** True if the cloud moved something of it that the code can be made to say. */
export function isCodifiable(finding: Finding): boolean {
  return finding.actionable && finding.origin !== 'code' && finding.ignored === undefined;
}

/** The findings that can be asked for now: the cloud moved them, and they are not on their way into the code. */
export function codifiableNow(view: DriftView): readonly Finding[] {
  // The edit is planned where m0 itself runs, which can't reach what the workers of a label reach.
  if (view.worker !== undefined) return [];
  const busy = new Set((view.codifications ?? []).filter(isActive).map((one) => one.address));
  return openNow(view)
    .map((item) => item.finding)
    .filter((finding) => isCodifiable(finding) && !busy.has(finding.address));
}

/** Those of them that nobody was given a patch for. */
function offeredNow(view: DriftView): readonly Finding[] {
  const given = (view.codifications ?? []).filter(givesPatch);
  return codifiableNow(view).filter(
    ({ address, fingerprint }) =>
      !given.some((one) => one.address === address && one.fingerprint === fingerprint),
  );
}

/** Asks which finding goes into the code. */
export function codifyForm(view: DriftView): Form {
  const options = offeredNow(view)
    .slice(0, CHOICES)
    .map(({ address }) => ({ label: address, value: address }));
  const only = options.length === 1 ? options[0]?.value : undefined;
  return {
    title: 'Put into the code',
    submit: 'Put into the code',
    intro: [strong(`${clip(view.stack, 80)}, run #${view.runId}. `), text(HOW)],
    command: codifyText(view.runId),
    fields: [
      {
        kind: 'choice',
        name: 'address',
        label: 'What',
        options,
        ...(only === undefined ? {} : { initial: only }),
      },
    ],
  };
}

/** The button, where the cloud moved something that is not on its way into the code. */
export function codifyButtons(view: DriftView): readonly Button[] {
  const [only, ...more] = offeredNow(view);
  if (only === undefined) return [];
  const label = 'Put into the code…';
  if (more.length > 0) return [{ label, command: codifyText(view.runId), form: codifyForm(view) }];
  return [
    {
      label,
      command: codifyText(view.runId, only.address),
      confirm: {
        title: 'Put it into the code?',
        body: `Makes the code say ${clip(keptWords(only), KEPT)}. ${HOW}`,
        confirm: 'Put into the code',
      },
    },
  ];
}

/** The buttons that hand out a patch, where m0 opens no pull request. */
export function patchButtons(view: DriftView): readonly Button[] {
  const given = (view.codifications ?? []).filter(givesPatch);
  return given.map((one) => ({ label: 'The patch', command: codifyText(one.run, one.address) }));
}

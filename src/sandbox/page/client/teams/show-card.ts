/** Microsoft's renderer of Adaptive Cards, limited to what this page allows. */
import {
  type Action,
  AdaptiveCard,
  type CardElement,
  CardObjectRegistry,
  ExecuteAction,
  GlobalRegistry,
  GlobalSettings,
  type Input,
  OpenUrlAction,
  SerializationContext,
  ShowCardAction,
  Versions,
} from 'adaptivecards';
import { isRecord } from '../../../../base/is-record.ts';
import { type Focus, focusIn, giveFocus } from './focus.ts';
import { TEAMS_HOST } from './host-config.ts';
import { isWebAddress, plainCard } from './plain-card.ts';

/** A pressed Action.Execute; `data` is the button's own data with the inputs' values. */
export interface Pressed {
  readonly verb: string;
  readonly title: string;
  readonly data: Readonly<Record<string, unknown>>;
}

export interface ShownCard {
  readonly element: HTMLElement;
  /** Marks the button whose answer is pending. */
  wait(): void;
  /** Removes the mark and restores the focus. */
  resume(): void;
  /** Unfinished input, to be restored when the card changes. */
  progress(): CardProgress;
}

interface CardProgress {
  readonly focus: Focus | null;
  /** Inner cards that are open, as JSON text, by their button's title. */
  readonly open: ReadonlyMap<string, string>;
  /** Entered values, by input. */
  readonly values: ReadonlyMap<string, string>;
}

const NOTHING: CardProgress = { focus: null, open: new Map(), values: new Map() };

// Text from a cloud or a person is never parsed as Markdown.
AdaptiveCard.onProcessMarkdown = (_, result) => {
  result.didProcess = false;
};
GlobalSettings.setTabIndexAtCardRoot = false;

/** Elements that load content are not registered; the renderer skips unknown elements, as Teams does. */
const ELEMENTS = new CardObjectRegistry<CardElement>();
GlobalRegistry.populateWithDefaultElements(ELEMENTS);
for (const type of ['Image', 'ImageSet', 'Media']) ELEMENTS.unregister(type);

/**
 * Renders a card. An inner card that was open in `before` is opened again with its values, if it has not
 * changed and nothing was sent from it meanwhile.
 */
export function showCard(
  json: string,
  before: ShownCard | null,
  onPress: (pressed: Pressed) => void,
): ShownCard {
  const progress = before?.progress() ?? NOTHING;
  const source = plainCard(JSON.parse(json) as Readonly<Record<string, unknown>>);
  const inner = innerCards(source);
  const isSame = [...progress.open].every(([title, text]) => inner.get(title) === text);
  const card = new AdaptiveCard();
  card.hostConfig = TEAMS_HOST;
  const context = new SerializationContext(Versions.v1_5);
  context.setElementRegistry(ELEMENTS);
  card.parse(isSame ? withValues(source, progress.values) : source, context);

  let pressed: Action | null = null;
  let focus: Focus | null = progress.focus;
  let isSent = false;
  card.onExecuteAction = (action) => {
    if (action instanceof OpenUrlAction) {
      if (isWebAddress(action.url)) window.open(action.url, '_blank', 'noreferrer');
    } else if (action instanceof ExecuteAction) {
      pressed = action;
      focus = focusIn(element);
      isSent = true;
      const data = (action.data ?? {}) as Pressed['data'];
      onPress({ verb: action.verb, title: action.title ?? '', data });
    }
  };
  const element = card.render() ?? document.createElement('div');
  // The library lists some actions twice.
  const openers = [...new Set(card.getAllActions())].filter((one) => one instanceof ShowCardAction);
  for (const action of openers) {
    if (isSame && progress.open.has(action.title ?? '')) action.execute();
  }
  return {
    element,
    wait() {
      pressed?.renderedElement?.setAttribute('data-waits', '');
    },
    resume() {
      pressed?.renderedElement?.removeAttribute('data-waits');
      pressed = null;
      if (focus && giveFocus(element, focus)) focus = null;
    },
    progress() {
      const now = focusIn(element) ?? focus;
      if (isSent) return { ...NOTHING, focus: now };
      const open = openers.filter((action) => action.renderedElement?.ariaExpanded === 'true');
      return {
        focus: now,
        open: new Map(open.map((action) => [action.title ?? '', inner.get(action.title ?? '') ?? ''])),
        values: valuesOf(card.getAllInputs()),
      };
    },
  };
}

function valuesOf(inputs: readonly Input[]): ReadonlyMap<string, string> {
  return new Map(
    inputs.flatMap((input) => (input.id && input.isSet() ? [[input.id, String(input.value)]] : [])),
  );
}

/** The inner cards of buttons, as JSON text, by the button's title. */
function innerCards(value: unknown): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  const visit = (one: unknown): void => {
    if (Array.isArray(one)) one.forEach(visit);
    if (!isRecord(one)) return;
    if (one.type === 'Action.ShowCard') found.set(String(one.title), JSON.stringify(one.card));
    Object.values(one).forEach(visit);
  };
  visit(value);
  return found;
}

function withValues(value: unknown, values: ReadonlyMap<string, string>): unknown {
  if (Array.isArray(value)) return value.map((one) => withValues(one, values));
  if (!isRecord(value)) return value;
  const filled = String(value.type).startsWith('Input.') ? values.get(String(value.id)) : undefined;
  const entries = Object.entries(value).map(([key, one]) => [key, withValues(one, values)] as const);
  return { ...Object.fromEntries(entries), ...(filled === undefined ? {} : { value: filled }) };
}

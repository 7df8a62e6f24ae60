import { type ReactNode, type RefObject, useEffect, useRef, useState } from 'react';
import type { TeamsCommand } from '../../protocol.ts';

interface Offer extends TeamsCommand {
  /** The text of the field after it was chosen. */
  readonly text: string;
}

interface MenuState {
  /** The current suggestions; empty where the menu is closed. */
  readonly offers: readonly Offer[];
  readonly chosen: Offer | undefined;
  readonly choose: (offer: Offer) => void;
  readonly point: (offer: Offer) => void;
  /** True where the menu used the key. */
  readonly onKey: (key: string) => boolean;
}

const APP = { title: 'm0', description: 'The drift bot for Terraform and OpenTofu' };

/** Suggestions for `/`, `@` or a mention; none once the text is complete. */
function offersFor(text: string, commands: readonly TeamsCommand[]): readonly Offer[] {
  const [, lead, word] = /^(\/|@m0 )(\w*)$/.exec(text) ?? [];
  if (lead !== undefined && word !== undefined) {
    if (commands.some((command) => command.title === word)) return [];
    return commands
      .filter((command) => command.title.startsWith(word))
      .map((command) => ({ ...command, text: `${lead}${command.title} ` }));
  }
  const mention = /(^|\s)@(\w*)$/.exec(text);
  if (mention === null || mention[2] === APP.title || !APP.title.startsWith(mention[2] ?? '')) return [];
  const start = mention.index + (mention[1]?.length ?? 0);
  return [{ ...APP, text: `${text.slice(0, start)}@m0 ` }];
}

export function useMenu(
  commands: readonly TeamsCommand[],
  text: string,
  setText: (text: string) => void,
  field: RefObject<HTMLTextAreaElement | null>,
): MenuState {
  const [at, setAt] = useState({ text: '', index: 0 });
  const [closedAt, setClosedAt] = useState<string | null>(null);
  const offers = closedAt === text ? [] : offersFor(text, commands);
  const index = at.text === text ? at.index : 0;
  const chosen = offers[index];
  const choose = (offer: Offer) => {
    setText(offer.text);
    field.current?.focus();
  };
  return {
    offers,
    chosen,
    choose,
    point: (offer) => setAt({ text, index: offers.indexOf(offer) }),
    onKey(key) {
      if (chosen === undefined) return false;
      switch (key) {
        case 'ArrowDown':
        case 'ArrowUp':
          setAt({ text, index: (index + (key === 'ArrowDown' ? 1 : offers.length - 1)) % offers.length });
          return true;
        case 'Enter':
        case 'Tab':
          choose(chosen);
          return true;
        case 'Escape':
          setClosedAt(text);
          return true;
        default:
          return false;
      }
    },
  };
}

/** The list above the field. */
export function Menu({ id, menu }: { id: string; menu: MenuState }): ReactNode {
  const list = useRef<HTMLDivElement>(null);
  const { chosen, offers } = menu;
  // biome-ignore lint/correctness/useExhaustiveDependencies: another choice may be out of sight
  useEffect(() => {
    list.current?.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: 'nearest' });
  }, [chosen?.text]);
  return (
    <div
      ref={list}
      id={id}
      role="listbox"
      aria-label="Suggestions"
      className="t-menu"
      hidden={offers.length === 0}
    >
      {offers.map((offer) => (
        <div
          key={offer.title}
          id={`${id}-${offer.title}`}
          role="option"
          tabIndex={-1}
          aria-selected={offer === chosen}
          onPointerMove={() => menu.point(offer)}
          // Keeps the focus in the field.
          onPointerDown={(event) => {
            event.preventDefault();
            menu.choose(offer);
          }}
        >
          <b>{offer.title}</b>
          <span>{offer.description}</span>
        </div>
      ))}
    </div>
  );
}

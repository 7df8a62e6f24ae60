import type { ReactNode } from 'react';
import { isRecord } from '../../../base/is-record.ts';
import { each, emoji, Link, UserMention } from './mrkdwn.tsx';
import { useNames } from './names.ts';
import { slackDate } from './time.ts';

type Fields = Readonly<Record<string, unknown>>;

function list(value: unknown): Fields[] {
  return Array.isArray(value) ? value.filter(isRecord) : [];
}

/** Renders a `rich_text` block, in which no markup is parsed. */
export function RichText({ block }: { block: Fields }): ReactNode {
  return each(list(block.elements), (element) => <RichElement element={element} />);
}

function RichElement({ element }: { element: Fields }): ReactNode {
  const inline = each(list(element.elements), (part) => <Inline part={part} />);
  switch (element.type) {
    case 'rich_text_preformatted':
      return <pre className="pre">{inline}</pre>;
    case 'rich_text_quote':
      return <blockquote>{inline}</blockquote>;
    case 'rich_text_list': {
      const items = each(list(element.elements), (item) => (
        <li>
          <RichElement element={item} />
        </li>
      ));
      const className = `indent-${Number(element.indent ?? 0)}`;
      return element.style === 'ordered' ? (
        <ol className={className} start={Number(element.offset ?? 0) + 1}>
          {items}
        </ol>
      ) : (
        <ul className={className}>{items}</ul>
      );
    }
    default:
      return <span className="rich">{inline}</span>;
  }
}

function Inline({ part }: { part: Fields }): ReactNode {
  const { now, channels } = useNames();
  const style = isRecord(part.style) ? part.style : {};
  let node: ReactNode = plain(part, now, channels);
  if (part.type === 'user') node = <UserMention id={String(part.user_id)} />;
  if (part.type === 'link') node = <Link href={String(part.url)} text={String(part.text ?? part.url)} />;
  if (style.code) node = <code>{node}</code>;
  if (style.bold) node = <strong>{node}</strong>;
  if (style.italic) node = <em>{node}</em>;
  if (style.strike) node = <s>{node}</s>;
  return node;
}

function plain(part: Fields, now: number, channels: Readonly<Record<string, string>>): ReactNode {
  switch (part.type) {
    case 'date':
      return (
        <time title={String(part.fallback ?? '')}>
          {slackDate(Number(part.timestamp), String(part.format), now)}
        </time>
      );
    case 'emoji':
      return emoji(String(part.name));
    case 'broadcast':
      return <span className="mention everyone">@{String(part.range)}</span>;
    case 'usergroup':
      return <span className="mention">@{String(part.usergroup_id)}</span>;
    case 'channel':
      return <span className="mention">#{channels[String(part.channel_id)] ?? String(part.channel_id)}</span>;
    default:
      return String(part.text ?? part.value ?? '');
  }
}

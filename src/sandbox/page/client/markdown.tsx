import type { ReactNode } from 'react';
import { each, Link, row } from './mrkdwn.tsx';

/** Renders a `markdown` block: headings, lists, quotes, code, and text styles. */
export function Markdown({ text }: { text: string }): ReactNode {
  return each(text.split(/(```[\s\S]*?```)/), (part) => {
    const code = /^```\w*\n?([\s\S]*?)```$/.exec(part);
    if (code) return <pre className="pre">{code[1]}</pre>;
    return each(part.split('\n'), (line) => <Line line={line} />);
  });
}

function Line({ line }: { line: string }): ReactNode {
  const heading = /^#{1,6} (.*)$/.exec(line);
  if (heading) return <h4>{styled(heading[1] ?? '')}</h4>;
  const item = /^\s*(?:[-*]|\d+\.) (.*)$/.exec(line);
  if (item) return <div className="md-item">{styled(item[1] ?? '')}</div>;
  const quote = /^> ?(.*)$/.exec(line);
  if (quote) return <blockquote>{styled(quote[1] ?? '')}</blockquote>;
  return <div className="md-line">{styled(line)}</div>;
}

const STYLES =
  /\*\*([^*]+)\*\*|`([^`]+)`|\[([^\]]+)\]\(([^\s)]+)\)|(?<!\w)[*_]([^*_]+)[*_](?!\w)|~~([^~]+)~~/;

function styled(text: string): ReactNode {
  const nodes: ReactNode[] = [];
  let rest = text;
  for (let found = STYLES.exec(rest); found; found = STYLES.exec(rest)) {
    const [whole, bold, code, label, href, italic, strike] = found;
    nodes.push(rest.slice(0, found.index));
    if (bold) nodes.push(<strong>{styled(bold)}</strong>);
    else if (code) nodes.push(<code>{code}</code>);
    else if (label) nodes.push(<Link href={href ?? ''} text={label} />);
    else if (italic) nodes.push(<em>{styled(italic)}</em>);
    else if (strike) nodes.push(<s>{styled(strike)}</s>);
    rest = rest.slice(found.index + whole.length);
  }
  nodes.push(rest);
  return row(nodes);
}

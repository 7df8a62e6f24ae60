import { Fragment, type ReactNode } from 'react';
import { type Names, useNames } from './names.ts';
import { slackDate } from './time.ts';

/*
 * The package slack-blocks-to-jsx is not used: it unescapes text before it parses it, so an escaped `<!channel>`
 * looks like a mention and raw text in a table becomes bold; and it reports neither clicks nor entered values.
 */

const EMOJI: Readonly<Record<string, string>> = {
  white_check_mark: '✅',
  heavy_check_mark: '✔️',
  x: '❌',
  warning: '⚠️',
  rotating_light: '🚨',
  eyes: '👀',
  zzz: '💤',
  hourglass: '⌛',
  hourglass_flowing_sand: '⏳',
  lock: '🔒',
  no_entry: '⛔',
  question: '❓',
  wave: '👋',
  tada: '🎉',
  information_source: 'ℹ️',
  arrows_counterclockwise: '🔄',
  large_green_circle: '🟢',
};

/** Drawn, because the fonts of a server have no coloured symbols. */
const CIRCLES: Readonly<Record<string, string>> = {
  red_circle: '#dd2e44',
  large_orange_circle: '#f4900c',
  large_yellow_circle: '#fdcb58',
  large_blue_circle: '#55acee',
};

/** Unescape entities last, so that escaped text never becomes markup. */
export function unescapeEntities(text: string): string {
  return text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
}

export function emoji(name: string): ReactNode {
  const circle = CIRCLES[name];
  if (circle !== undefined)
    return (
      <span
        className="circle"
        role="img"
        aria-label={name.replaceAll('_', ' ')}
        style={{ background: circle }}
      />
    );
  return EMOJI[name] ?? `:${name}:`;
}

/** Renders Slack's mrkdwn as Slack does: first control sequences in angle brackets, then styles. */
export function Mrkdwn({ text, verbatim = false }: { text: string; verbatim?: boolean }): ReactNode {
  const names = useNames();
  const parts = text.split(/(```[\s\S]*?```)/);
  return each(parts, (part) => {
    const code = /^```\n?([\s\S]*?)```$/.exec(part);
    if (code) return <pre className="pre">{unescapeEntities(code[1] ?? '')}</pre>;
    return each(lines(part), (line) => renderLine(line, names, verbatim));
  });
}

function lines(text: string): string[] {
  return text.split(/(?<=\n)/);
}

function renderLine(line: string, names: Names, verbatim: boolean): ReactNode {
  const quote = /^&gt; ?([\s\S]*)$/.exec(line);
  if (quote) return <blockquote>{inline((quote[1] ?? '').trimEnd(), names, verbatim)}</blockquote>;
  return inline(line, names, verbatim);
}

const INLINE =
  /<([^<>\n]+)>|`([^`\n]+)`|(?<![\w*])\*(\S(?:[^*\n]*\S)?)\*(?![\w*])|(?<![\w_])_(\S(?:[^_\n]*\S)?)_(?![\w_])|(?<![\w~])~(\S(?:[^~\n]*\S)?)~(?![\w~])|:([a-z0-9_+-]+):|(https?:\/\/[^\s<>|`]+)/;

function inline(text: string, names: Names, verbatim: boolean): ReactNode {
  const nodes: ReactNode[] = [];
  let rest = text;
  for (let found = INLINE.exec(rest); found; found = INLINE.exec(rest)) {
    const [whole, control, code, bold, italic, strike, icon, bare] = found;
    if (found.index > 0) nodes.push(unescapeEntities(rest.slice(0, found.index)));
    if (control) nodes.push(<Control content={control} names={names} />);
    else if (code) nodes.push(<code>{unescapeEntities(code)}</code>);
    else if (bold) nodes.push(<strong>{inline(bold, names, verbatim)}</strong>);
    else if (italic) nodes.push(<em>{inline(italic, names, verbatim)}</em>);
    else if (strike) nodes.push(<s>{inline(strike, names, verbatim)}</s>);
    else if (icon) nodes.push(emoji(icon));
    else if (bare) nodes.push(verbatim ? bare : <Link href={bare} text={bare} />);
    rest = rest.slice(found.index + whole.length);
  }
  if (rest !== '') nodes.push(unescapeEntities(rest));
  return row(nodes);
}

function Control({ content, names }: { content: string; names: Names }): ReactNode {
  const [target = '', label] = content.split('|');
  if (target.startsWith('@')) return <UserMention id={target.slice(1)} />;
  if (target.startsWith('#')) {
    return <span className="mention">#{names.channels[target.slice(1)] ?? label ?? target.slice(1)}</span>;
  }
  if (target.startsWith('!date^')) {
    const [, seconds, format] = target.split('^');
    return <time title={label}>{slackDate(Number(seconds), format ?? '', names.now)}</time>;
  }
  if (target.startsWith('!')) {
    return <span className="mention everyone">@{label ?? target.slice(1).replace(/^subteam\^/, '')}</span>;
  }
  if (/^(https?:|mailto:|tel:)/.test(target)) return <Link href={target} text={label ?? target} />;
  return `<${content}>`;
}

export function UserMention({ id }: { id: string }): ReactNode {
  const names = useNames();
  return <span className={`mention${id === names.me ? ' me' : ''}`}>@{names.users[id] ?? id}</span>;
}

/** Only links that open elsewhere: no URL of a message may run as part of the page. */
export function Link({ href, text }: { href: string; text: string }): ReactNode {
  if (!/^(https?:\/\/|mailto:|tel:)/.test(href)) return text;
  return (
    <a href={unescapeEntities(href)} target="_blank" rel="noreferrer noopener">
      {unescapeEntities(text)}
    </a>
  );
}

/** Items that have no key except their position, such as the parts of a text. */
export function each<T>(items: readonly T[], render: (item: T, index: number) => ReactNode): ReactNode {
  // biome-ignore lint/suspicious/noArrayIndexKey: they have no other identity
  return items.map((item, index) => <Fragment key={index}>{render(item, index)}</Fragment>);
}

/** Nodes one after the other. */
export function row(nodes: readonly ReactNode[]): ReactNode {
  return each(nodes, (node) => node);
}

import { type ReactNode, useId } from 'react';
import { isRecord } from '../../../base/is-record.ts';
import type { Block } from '../../workspace/model.ts';
import { Element } from './elements.tsx';
import { Markdown } from './markdown.tsx';
import { each } from './mrkdwn.tsx';
import { RichText } from './rich-text.tsx';
import { type BlockUse, Text } from './using.tsx';

/** Renders Block Kit like Slack, closely enough to judge a card's appearance. */
export function Blocks({ blocks, use }: { blocks: readonly Block[]; use: BlockUse }): ReactNode {
  return blocks.map((block) => (
    <div key={block.block_id} className={`block block-${block.type}`}>
      <OneBlock block={block} use={use} />
    </div>
  ));
}

function OneBlock({ block, use }: { block: Block; use: BlockUse }): ReactNode {
  const blockId = String(block.block_id);
  const elements = Array.isArray(block.elements) ? block.elements.filter(isRecord) : [];
  switch (block.type) {
    case 'section':
      return <Section block={block} use={use} />;
    case 'header':
      return (
        <h3>
          <Text text={block.text} />
        </h3>
      );
    case 'divider':
      return <hr />;
    case 'context':
      return each(elements, (element) =>
        element.type === 'image' ? (
          <img src={String(element.image_url)} alt={String(element.alt_text)} />
        ) : (
          <span>
            <Text text={element} />
          </span>
        ),
      );
    case 'actions':
      return each(elements, (element) => <Element blockId={blockId} element={element} use={use} live />);
    case 'input':
      return <Input block={block} use={use} />;
    case 'image':
      return (
        <figure>
          {isRecord(block.title) && (
            <figcaption>
              <Text text={block.title} />
            </figcaption>
          )}
          <img src={imageSource(block)} alt={String(block.alt_text)} />
        </figure>
      );
    case 'rich_text':
      return <RichText block={block} />;
    case 'markdown':
      return <Markdown text={String(block.text)} />;
    case 'table':
      return <Table block={block} />;
    default:
      return null;
  }
}

/** A picture from the web, or one that the app uploaded, which this machine serves. */
function imageSource({ image_url: url, slack_file: file }: Block): string {
  return isRecord(file) ? `/page/files/${String(file.id)}` : String(url);
}

function Section({ block, use }: { block: Block; use: BlockUse }): ReactNode {
  const fields = Array.isArray(block.fields) ? block.fields : [];
  const accessory = isRecord(block.accessory) ? block.accessory : null;
  return (
    <>
      <div className="section-text">
        {isRecord(block.text) && (
          <div className="text">
            <Text text={block.text} />
          </div>
        )}
        {fields.length > 0 && (
          <div className="fields">
            {each(fields, (field) => (
              <div className="text">
                <Text text={field} />
              </div>
            ))}
          </div>
        )}
      </div>
      {accessory && <Element blockId={String(block.block_id)} element={accessory} use={use} live />}
    </>
  );
}

function Input({ block, use }: { block: Block; use: BlockUse }): ReactNode {
  const element = isRecord(block.element) ? block.element : {};
  const blockId = String(block.block_id);
  const error = use.errors[blockId];
  const id = useId();
  const hint = isRecord(block.hint) ? `${id}-hint` : null;
  const about = [...(hint === null ? [] : [hint]), ...(error ? [`${id}-error`] : [])];
  return (
    <div className={error ? 'field with-error' : 'field'}>
      <label className="label" id={id} htmlFor={`${id}-control`}>
        <Text text={block.label} />
        {block.optional === true && <span className="optional"> (optional)</span>}
      </label>
      <Element
        blockId={blockId}
        element={element}
        use={use}
        live={block.dispatch_action === true}
        field={{
          id: `${id}-control`,
          'aria-labelledby': id,
          ...(about.length === 0 ? {} : { 'aria-describedby': about.join(' ') }),
          'aria-required': block.optional !== true,
          'aria-invalid': error !== undefined,
        }}
      />
      {hint !== null && (
        <span className="hint" id={hint}>
          <Text text={block.hint} />
        </span>
      )}
      {error && (
        <span className="error" id={`${id}-error`}>
          {error}
        </span>
      )}
    </div>
  );
}

function Table({ block }: { block: Block }): ReactNode {
  const rows = Array.isArray(block.rows) ? block.rows : [];
  const settings = Array.isArray(block.column_settings) ? block.column_settings : [];
  const align = (column: number) => {
    const setting: unknown = settings[column];
    return isRecord(setting) && typeof setting.align === 'string' ? `align-${setting.align}` : undefined;
  };
  return (
    <div className="table">
      <table>
        <tbody>
          {each(rows, (row: unknown) => (
            <tr>
              {each(Array.isArray(row) ? row.filter(isRecord) : [], (cell, column) => (
                <td className={align(column)}>
                  {cell.type === 'rich_text' ? <RichText block={cell} /> : String(cell.text)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

import type { ReactNode } from 'react';
import { isRecord } from '../../../base/is-record.ts';
import type { FormValue } from '../protocol.ts';
import { type BlockUse, Text } from './using.tsx';

type Fields = Readonly<Record<string, unknown>>;

interface ElementProps {
  readonly blockId: string;
  readonly element: Fields;
  readonly use: BlockUse;
  /** True where a change is sent to the app at once, not with the form. */
  readonly live: boolean;
  /** Label, hint and error of the input block around it. */
  readonly field?: FieldAttributes;
}

interface FieldAttributes {
  readonly id: string;
  readonly 'aria-labelledby': string;
  readonly 'aria-describedby'?: string;
  readonly 'aria-required': boolean;
  readonly 'aria-invalid': boolean;
}

const records = (value: unknown): Fields[] => (Array.isArray(value) ? value.filter(isRecord) : []);
const words = (text: unknown): string => (isRecord(text) ? String(text.text) : '');
const optionValue = (option: unknown): string => (isRecord(option) ? String(option.value) : '');

/** What names an element and tells its state: the input block around it, else its own placeholder. */
const named = ({ field, element }: ElementProps) =>
  field ?? { 'aria-label': words(element.placeholder) || 'Choose' };

/** The same for a group of choices, which is neither required nor invalid in itself. */
function groupNamed({ field }: ElementProps) {
  if (field === undefined) return { 'aria-label': 'Choose' };
  const { 'aria-required': _, 'aria-invalid': __, ...rest } = field;
  return rest;
}

/** One interactive element. */
export function Element(props: ElementProps): ReactNode {
  const { element } = props;
  switch (element.type) {
    case 'button':
      return <ButtonElement {...props} />;
    case 'overflow':
      return <Overflow {...props} />;
    case 'static_select':
      return <Menu {...props} multiple={false} />;
    case 'multi_static_select':
      return <Menu {...props} multiple />;
    case 'radio_buttons':
      return <Choices {...props} multiple={false} />;
    case 'checkboxes':
      return <Choices {...props} multiple />;
    case 'plain_text_input':
      return <TextInput {...props} />;
    case 'datetimepicker':
      return <Picker {...props} kind="datetime-local" initial={element.initial_date_time} />;
    case 'datepicker':
      return <Picker {...props} kind="date" initial={element.initial_date} />;
    case 'timepicker':
      return <Picker {...props} kind="time" initial={element.initial_time} />;
    case 'image':
      return <img className="accessory" src={String(element.image_url)} alt={String(element.alt_text)} />;
    default:
      return null;
  }
}

function ButtonElement({ blockId, element, use }: ElementProps): ReactNode {
  return (
    <button
      type="button"
      className={`button ${String(element.style ?? '')}`}
      aria-label={typeof element.accessibility_label === 'string' ? element.accessibility_label : undefined}
      onClick={() => {
        if (typeof element.url === 'string') window.open(element.url, '_blank', 'noopener,noreferrer');
        use.onAct(blockId, element, null);
      }}
    >
      {words(element.text)}
    </button>
  );
}

function Overflow({ blockId, element, use }: ElementProps): ReactNode {
  return (
    <select
      className="overflow"
      aria-label="More actions"
      value=""
      onChange={(event) => use.onAct(blockId, element, event.target.value)}
    >
      <option value="" disabled hidden>
        ⋯
      </option>
      {records(element.options).map((option) => (
        <option key={optionValue(option)} value={optionValue(option)}>
          {words(option.text)}
        </option>
      ))}
    </select>
  );
}

/** The current value of an element: entered, or else initial. */
function currentValue({ element, use }: ElementProps): FormValue | undefined {
  const entered = use.values[String(element.action_id)];
  if (entered !== undefined) return entered;
  if (element.initial_options !== undefined) return records(element.initial_options).map(optionValue);
  return isRecord(element.initial_option) ? optionValue(element.initial_option) : undefined;
}

function enter(props: ElementProps, value: FormValue): void {
  props.use.onEnter(String(props.element.action_id), value);
  if (props.live) props.use.onAct(props.blockId, props.element, value);
}

function Menu(props: ElementProps & { multiple: boolean }): ReactNode {
  const { element, multiple } = props;
  const current = currentValue(props) ?? (multiple ? [] : '');
  const options = (list: unknown) =>
    records(list).map((option) => (
      <option key={optionValue(option)} value={optionValue(option)}>
        {words(option.text)}
      </option>
    ));
  return (
    <select
      className="menu"
      {...named(props)}
      multiple={multiple}
      value={current as string | string[]}
      onChange={(event) =>
        enter(
          props,
          multiple ? [...event.target.selectedOptions].map((option) => option.value) : event.target.value,
        )
      }
    >
      {!multiple && (
        <option value="" disabled hidden>
          {words(element.placeholder) || 'Choose'}
        </option>
      )}
      {options(element.options)}
      {records(element.option_groups).map((group) => (
        <optgroup key={words(group.label)} label={words(group.label)}>
          {options(group.options)}
        </optgroup>
      ))}
    </select>
  );
}

function Choices(props: ElementProps & { multiple: boolean }): ReactNode {
  const { element, multiple, blockId } = props;
  const current = currentValue(props);
  const chosen = Array.isArray(current) ? current : current ? [String(current)] : [];
  const toggle = (value: string, on: boolean) => {
    if (!multiple) return enter(props, value);
    enter(props, on ? [...chosen, value] : chosen.filter((other) => other !== value));
  };
  return (
    <span className="choices" role={multiple ? 'group' : 'radiogroup'} {...groupNamed(props)}>
      {records(element.options).map((option) => (
        <label key={optionValue(option)}>
          <input
            type={multiple ? 'checkbox' : 'radio'}
            name={`${blockId}/${String(element.action_id)}`}
            checked={chosen.includes(optionValue(option))}
            onChange={(event) => toggle(optionValue(option), event.target.checked)}
          />
          <span>
            <Text text={option.text} />
            {isRecord(option.description) && (
              <small>
                <Text text={option.description} />
              </small>
            )}
          </span>
        </label>
      ))}
    </span>
  );
}

function TextInput(props: ElementProps): ReactNode {
  const { element } = props;
  const value = String(props.use.values[String(element.action_id)] ?? element.initial_value ?? '');
  const shared = {
    ...named(props),
    value,
    placeholder: words(element.placeholder),
    onChange: (event: { target: { value: string } }) =>
      props.use.onEnter(String(element.action_id), event.target.value),
  };
  return element.multiline === true ? <textarea rows={3} {...shared} /> : <input type="text" {...shared} />;
}

function Picker(
  props: ElementProps & { kind: 'datetime-local' | 'date' | 'time'; initial: unknown },
): ReactNode {
  const { element, kind, initial } = props;
  const current = props.use.values[String(element.action_id)] ?? initial;
  const shown = kind === 'datetime-local' && typeof current === 'number' ? localDateTime(current) : current;
  return (
    <input
      type={kind}
      {...named(props)}
      value={String(shown ?? '')}
      onChange={(event) => {
        const { value } = event.target;
        enter(props, kind === 'datetime-local' ? Math.floor(new Date(value).getTime() / 1000) : value);
      }}
    />
  );
}

function localDateTime(seconds: number): string {
  const date = new Date(seconds * 1000);
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

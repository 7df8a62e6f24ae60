/** The subset of Adaptive Cards 1.5 that m0 uses. */

export type Colour = 'default' | 'good' | 'warning' | 'attention' | 'accent';

/** Text in which Teams parses nothing: no Markdown, no mention, no URL. */
export interface TextRun {
  readonly type: 'TextRun';
  readonly text: string;
  readonly color?: Colour;
  readonly fontType?: 'monospace';
  readonly isSubtle?: boolean;
  readonly italic?: boolean;
  readonly size?: 'small' | 'medium';
  readonly weight?: 'bolder';
  readonly selectAction?: { readonly type: 'Action.OpenUrl'; readonly url: string };
}

export interface RichTextBlock {
  readonly type: 'RichTextBlock';
  readonly inlines: readonly TextRun[];
  readonly spacing?: Spacing;
  readonly separator?: boolean;
}

/** Teams parses this as Markdown, so it holds only text that m0 itself wrote. */
export interface TextBlock {
  readonly type: 'TextBlock';
  readonly text: string;
  readonly wrap: true;
  readonly size: 'small';
  readonly isSubtle: true;
  readonly spacing?: Spacing;
  readonly separator?: boolean;
}

type Spacing = 'none' | 'small' | 'default' | 'medium';

export interface Container {
  readonly type: 'Container';
  readonly items: readonly Element[];
  /** Background in a colour of the reader's theme. `bleed`: up to the edge of the card. */
  readonly style?: 'good' | 'warning' | 'attention' | 'accent';
  readonly bleed?: true;
  readonly spacing?: Spacing;
  readonly separator?: boolean;
}

export interface ActionSet {
  readonly type: 'ActionSet';
  readonly spacing?: Spacing;
  readonly separator?: boolean;
  readonly actions: readonly Action[];
}

interface InputBase {
  readonly id: string;
  readonly label: string;
  readonly isRequired?: boolean;
  readonly errorMessage?: string;
  readonly spacing?: Spacing;
  readonly separator?: boolean;
}

export interface InputText extends InputBase {
  readonly type: 'Input.Text';
  readonly isMultiline: boolean;
  readonly maxLength: number;
  readonly placeholder?: string;
}

export interface InputChoiceSet extends InputBase {
  readonly type: 'Input.ChoiceSet';
  readonly style: 'compact';
  readonly choices: readonly { readonly title: string; readonly value: string }[];
  readonly value?: string;
}

/** `url`: a data URI, which all clients of Teams show: m0 has no address from which they could fetch a picture. */
export interface Image {
  readonly type: 'Image';
  readonly url: string;
  readonly altText: string;
  /** As large as it is, and smaller on a phone: stretched it would be blurred. */
  readonly size: 'auto';
  readonly spacing?: Spacing;
  readonly separator?: boolean;
}

export type Element = Image | RichTextBlock | TextBlock | Container | ActionSet | InputText | InputChoiceSet;

/** The data that one of m0's buttons sends back. Anybody can send any data, so nothing in it is trusted. */
export interface ActionData {
  readonly command: string;
  /** The form whose values are meant. They come back beside this field as `FORM.NAME`. */
  readonly form?: string;
  /** Shows this page of the answer. */
  readonly page?: number;
  /** Sends the answer's whole text as a file. */
  readonly file?: true;
}

export interface ExecuteAction {
  readonly type: 'Action.Execute';
  readonly title: string;
  /** Says more than the title, to the pointer and to screen readers. */
  readonly tooltip?: string;
  readonly verb: string;
  readonly data: ActionData;
  readonly style?: 'positive' | 'destructive';
  readonly associatedInputs: 'auto' | 'none';
}

/** A card that opens below its button. */
export interface ShowCardAction {
  readonly type: 'Action.ShowCard';
  readonly title: string;
  readonly tooltip?: string;
  readonly style?: 'positive' | 'destructive';
  readonly card: {
    readonly type: 'AdaptiveCard';
    readonly body: readonly Element[];
    readonly actions: readonly ExecuteAction[];
  };
}

export type Action = ExecuteAction | ShowCardAction;

export interface Mention {
  readonly type: 'mention';
  readonly text: string;
  readonly mentioned: { readonly id: string; readonly name: string };
}

export interface AdaptiveCard {
  readonly type: 'AdaptiveCard';
  readonly $schema: string;
  readonly version: string;
  /** The whole card in words, for people who hear it. */
  readonly speak?: string;
  /** What a client shows that knows no cards of this version. */
  readonly fallbackText?: string;
  readonly body: readonly Element[];
  readonly msteams: { readonly width: 'Full'; readonly entities?: readonly Mention[] };
}

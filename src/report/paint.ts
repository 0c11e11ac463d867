export type Style = "bold" | "dim" | "red" | "yellow" | "green" | "cyan";

/** Puts a style on text that is already inert; the terminal's business. */
export type Paint = (style: Style, text: string) => string;

export const noPaint: Paint = (_style, text) => text;

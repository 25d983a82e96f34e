/** Types of fields whose value is a choice and not text. */
const CHOICE = /^(checkbox|radio|range|color|file|select)/;

/**
 * Whether the target of an `input` event is a field that is still shown and has text. Such text is lost when another page takes the place
 * of this one. Any other value has no text.
 */
export function hasText(target: unknown): boolean {
  const { isConnected = false, type = "", value = "" } = (target ?? {}) as Partial<HTMLInputElement>;
  return isConnected && !CHOICE.test(type) && value.trim() !== "";
}

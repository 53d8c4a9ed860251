/** How much of a value is shown, in characters. */
const MAX_SHOWN = 60;

/** Shows a metadata value to an operator; bytes that are no text become U+FFFD. */
export function showValue(value: Uint8Array): string {
  const text = new TextDecoder().decode(value);
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}...` : text;
}

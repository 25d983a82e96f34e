/** `1 message`, `2 messages`, `1,234 messages`. `many`: the plural, if it is not the singular with an s. */
export const counted = (count: number, one: string, many: string = `${one}s`): string =>
  `${count.toLocaleString("en")} ${count === 1 ? one : many}`;

/** The next `count` items. The rest of the iterator stays usable. */
export function* take<T>(items: Iterator<T>, count: number): Generator<T> {
  for (let i = 0; i < count; i += 1) {
    const { done, value } = items.next();
    if (done) return;
    yield value;
  }
}

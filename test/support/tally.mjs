// A reporter for node:test that counts what ran and names what did not, so that nothing skips quietly.
export default async function* tally(source) {
  let ran = 0;
  const skipped = [];
  for await (const { type, data } of source) {
    if (type !== 'test:pass' && type !== 'test:fail') continue;
    if (data.skip !== undefined || data.todo !== undefined) skipped.push(data.name);
    else ran++;
  }
  yield JSON.stringify({ ran, skipped });
}

// A text within a link: the fragment of an address, which no server is told.
const MOST = 1_000_000; // characters of a text, as the language has it

async function through(stream, bytes) {
  const reader = new Blob([bytes]).stream().pipeThrough(stream).getReader();
  const parts = [];
  for (let size = 0; ; ) {
    const { done, value } = await reader.read();
    if (done) return new Uint8Array(await new Blob(parts).arrayBuffer());
    size += value.length;
    if (size > 4 * MOST) throw new Error("The link holds more than a text may have");
    parts.push(value);
  }
}

export async function pack(text) {
  const bytes = await through(new CompressionStream("deflate-raw"), new TextEncoder().encode(text));
  let letters = "";
  for (const byte of bytes) letters += String.fromCharCode(byte);
  return `text=${btoa(letters).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "")}`;
}

// Null where the fragment holds none.
export async function unpack(fragment) {
  const packed = fragment.match(/^#text=([\w-]*)$/)?.[1];
  if (packed === undefined) return null;
  const letters = atob(packed.replaceAll("-", "+").replaceAll("_", "/"));
  const bytes = Uint8Array.from(letters, (letter) => letter.charCodeAt(0));
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(await through(new DecompressionStream("deflate-raw"), bytes));
  } catch (error) {
    throw error.message.startsWith("The link") ? error : new Error("The link is damaged: a part of it is missing");
  }
}

/**
 * SHA-1 of a text's UTF-8 form, in hex. The browser's own is asynchronous, and absent where the page is not served
 * over HTTPS. Nothing secret depends on it.
 */
export function sha1(text: string): string {
  const bytes = padded(utf8(text));
  const state = [0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0];
  const words = new Array<number>(80);
  for (let block = 0; block < bytes.length; block += 64) {
    for (let i = 0; i < 80; i++) {
      words[i] =
        i < 16
          ? (bytes[block + 4 * i] << 24) |
            (bytes[block + 4 * i + 1] << 16) |
            (bytes[block + 4 * i + 2] << 8) |
            bytes[block + 4 * i + 3]
          : rotate(
              words[i - 3] ^ words[i - 8] ^ words[i - 14] ^ words[i - 16],
              1
            );
    }
    let [a, b, c, d, e] = state;
    for (let i = 0; i < 80; i++) {
      const [mixed, constant] =
        i < 20
          ? [(b & c) | (~b & d), 0x5a827999]
          : i < 40
            ? [b ^ c ^ d, 0x6ed9eba1]
            : i < 60
              ? [(b & c) | (b & d) | (c & d), 0x8f1bbcdc]
              : [b ^ c ^ d, 0xca62c1d6];
      const next = (rotate(a, 5) + mixed + e + constant + words[i]) | 0;
      [a, b, c, d, e] = [next, a, rotate(b, 30), c, d];
    }
    [a, b, c, d, e].forEach((value, i) => (state[i] = (state[i] + value) | 0));
  }
  return state.map(word => (word >>> 0).toString(16).padStart(8, '0')).join('');
}

function rotate(word: number, by: number): number {
  return (word << by) | (word >>> (32 - by));
}

function padded(bytes: number[]): Uint8Array {
  const result = new Uint8Array(Math.ceil((bytes.length + 9) / 64) * 64);
  result.set(bytes);
  result[bytes.length] = 0x80;
  const bits = bytes.length * 8;
  const view = new DataView(result.buffer);
  view.setUint32(result.length - 8, Math.floor(bits / 2 ** 32));
  view.setUint32(result.length - 4, bits >>> 0);
  return result;
}

/** As Python's `surrogatepass`: half a pair keeps its three bytes, where a TextEncoder would replace it. */
function utf8(text: string): number[] {
  const bytes: number[] = [];
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    if (code < 0x80) {
      bytes.push(code);
    } else if (code < 0x800) {
      bytes.push(0xc0 | (code >> 6), 0x80 | (code & 0x3f));
    } else if (code < 0x10000) {
      bytes.push(
        0xe0 | (code >> 12),
        0x80 | ((code >> 6) & 0x3f),
        0x80 | (code & 0x3f)
      );
    } else {
      bytes.push(
        0xf0 | (code >> 18),
        0x80 | ((code >> 12) & 0x3f),
        0x80 | ((code >> 6) & 0x3f),
        0x80 | (code & 0x3f)
      );
    }
  }
  return bytes;
}

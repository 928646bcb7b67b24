// Memory of one chain: everything is allocated once, before the first sweep (but see `reserveList`), and never freed. An instance of the
// module is one chain, so its globals are that chain's state and nothing is shared between chains.

let top: usize = (__heap_base + 15) & ~15;

/**
 * Reserve zeroed memory, aligned to 16 bytes.
 *
 * @param bytes size; may be 0
 * @returns address, or 0 when the host refuses to grow the memory
 */
export function allocate(bytes: usize): usize {
  const address = top;
  const end = (address + bytes + 15) & ~15;
  if (end < address) return 0;
  const pages = <i32>((end + 0xffff) >> 16);
  const missing = pages - memory.size();
  if (missing > 0 && memory.grow(missing) < 0) return 0;
  top = end;
  return address;
}

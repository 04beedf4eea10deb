// A key under which a request is obeyed once; crypto.randomUUID is there over https and on this host alone.
export function once() {
  return { "Idempotency-Key": [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("") };
}

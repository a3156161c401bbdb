/** A moment for people, in the time zone of the terminal. */
export const when = (at: number): string => new Date(at).toLocaleString('sv').slice(0, 16);

import { createRequire } from 'node:module';

/** From the kernel's headers, the same on every architecture of Linux that Node runs on. */
const AF_UNIX = 1;
const SOCK_DGRAM = 2;
const SOCK_CLOEXEC = 0o2000000;
const MSG_NOSIGNAL = 0x4000;

/** Sends lines such as `READY=1` to the service manager; false where they could not be sent. Never throws. */
export type Notify = (...lines: readonly string[]) => boolean;

/**
 * What systemd calls sd_notify(3): datagrams to the socket that `NOTIFY_SOCKET` names. Node has no Unix datagram sockets, so that the C
 * library is asked; undefined where nobody listens, or off Linux. `onProblem` is told why where somebody listens and cannot be told.
 */
export function openNotify(env: NodeJS.ProcessEnv, onProblem: (problem: string) => void): Notify | undefined {
  const name = env.NOTIFY_SOCKET;
  if (!name || process.platform !== 'linux') return undefined;
  try {
    // Loaded here and not at the top: only a service needs it.
    const koffi = createRequire(import.meta.url)('koffi') as typeof import('koffi');
    const libc = koffi.load(null);
    const socket = libc.func('int socket(int domain, int type, int protocol)');
    const sendto = libc.func(
      'intptr_t sendto(int socket, const void *bytes, size_t length, int flags, const void *address, uint32_t size)',
    );
    const file = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0) as number;
    if (file < 0) throw new Error('no socket');
    const address = socketAddress(name);
    return (...lines) => {
      const bytes = Buffer.from(lines.join('\n'));
      return (
        Number(sendto(file, bytes, bytes.length, MSG_NOSIGNAL, address, address.length)) === bytes.length
      );
    };
  } catch (error) {
    onProblem(`the service manager cannot be told that this runs: ${String(error)}`);
    return undefined;
  }
}

/** `struct sockaddr_un`; a name that begins with @ is abstract, which is a zero byte in its place. */
function socketAddress(name: string): Buffer {
  const path = Buffer.from(name.replace(/^@/, '\0'));
  const address = Buffer.alloc(2 + path.length + (name.startsWith('@') ? 0 : 1));
  new Uint16Array(address.buffer, address.byteOffset, 1)[0] = AF_UNIX;
  path.copy(address, 2);
  return address;
}

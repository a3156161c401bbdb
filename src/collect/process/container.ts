/** 64 hexadecimal digits: how Docker, Podman, containerd and CRI-O name their containers. */
const HASH = '([0-9a-f]{64})';

/**
 * One segment of a cgroup path that is a container's own, by runtime. The group is the container's id (its name for LXC).
 * `libpod-conmon-`, `crio-conmon-` and `lxc.monitor.` are the monitors beside the containers: they run on the host.
 */
const SEGMENTS: readonly RegExp[] = [
  // systemd's driver: docker-HASH.scope, libpod-HASH.scope, cri-containerd-HASH.scope, crio-HASH.scope.
  new RegExp(`^(?:docker|libpod|cri-containerd|crio|nerdctl)-${HASH}(?:\\.scope)?$`),
  // containerd without systemd's driver inside a slice: `kubepods-pod1234.slice:cri-containerd:HASH`.
  new RegExp(`^[^:]+:[^:]+:${HASH}$`),
  // cgroupfs driver: /docker/HASH, /kubepods/besteffort/podUID/HASH, /ecs/TASK/HASH, containerd's /NAMESPACE/HASH.
  new RegExp(`^${HASH}$`),
  // AWS Fargate: the task's id and a number.
  /^([0-9a-f]{32}-\d+)$/,
  // LXC 4 and LXD: one segment.
  /^lxc\.payload\.(.+)$/,
];

/** LXC before 4 has the name in a segment of its own, below one of these. */
const LXC_PARENTS: ReadonlySet<string> = new Set(['lxc', 'lxc.payload']);

/**
 * The id of the container that a cgroup path belongs to: of the innermost one where containers are nested. Undefined
 * where the path names none. Full ids, never shortened.
 */
export function containerId(cgroup: string): string | undefined {
  const segments = cgroup.split('/');
  for (let index = segments.length - 1; index > 0; index--) {
    const segment = segments[index]!;
    for (const pattern of SEGMENTS) {
      const found = pattern.exec(segment)?.[1];
      if (found !== undefined) return found;
    }
    if (segment !== '' && LXC_PARENTS.has(segments[index - 1]!)) return segment;
  }
  return undefined;
}

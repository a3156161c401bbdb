import assert from 'node:assert/strict';
import { test } from 'node:test';
import { containerId } from './container.ts';

const ID = '3f4a9c0d1e2b5a6978877665544332211000ffeeddccbbaa9988776655443322';
const OUTER = 'a'.repeat(64);
const POD = 'pod8f3c1a52_0b1e_4c7d_9d2f_6a5b4c3d2e1f';

const cases: readonly (readonly [what: string, cgroup: string, id: string | undefined])[] = [
  ['docker, cgroupfs driver', `/docker/${ID}`, ID],
  ['docker, systemd driver', `/system.slice/docker-${ID}.scope`, ID],
  ['docker, rootless', `/user.slice/user-1000.slice/user@1000.service/user.slice/docker-${ID}.scope`, ID],
  ['docker, a unit inside the container', `/docker/${ID}/system.slice/nginx.service`, ID],
  ['docker seen from a cgroup namespace beside it', `/../docker-${ID}.scope`, ID],
  ['podman, systemd driver', `/machine.slice/libpod-${ID}.scope/container`, ID],
  ['podman, cgroupfs driver', `/libpod_parent/libpod-${ID}`, ID],
  ["podman's monitor is not in the container", `/machine.slice/libpod-conmon-${ID}.scope`, undefined],
  ['containerd, its own namespace', `/default/${ID}`, ID],
  ['nerdctl, systemd driver', `/system.slice/nerdctl-${ID}.scope`, ID],
  [
    'kubernetes, containerd, systemd driver',
    `/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-${POD}.slice/cri-containerd-${ID}.scope`,
    ID,
  ],
  [
    'kubernetes, containerd, mixed drivers',
    `/system.slice/containerd.service/kubepods-besteffort-${POD}.slice:cri-containerd:${ID}`,
    ID,
  ],
  ['kubernetes, cgroupfs driver', `/kubepods/besteffort/${POD}/${ID}`, ID],
  ['kubernetes, CRI-O', `/kubepods.slice/kubepods-${POD}.slice/crio-${ID}.scope`, ID],
  ["CRI-O's monitor is not in the container", `/kubepods.slice/crio-conmon-${ID}.scope`, undefined],
  [
    'a pod in a node that is a container: the inner one',
    `/docker/${OUTER}/kubelet/kubepods/${POD}/${ID}`,
    ID,
  ],
  ['amazon ecs', `/ecs/0123456789abcdef0123456789abcdef/${ID}`, ID],
  [
    'amazon fargate',
    '/ecs/0123456789abcdef0123456789abcdef/0123456789abcdef0123456789abcdef-1234567890',
    '0123456789abcdef0123456789abcdef-1234567890',
  ],
  ['lxc 2', '/lxc/web-01', 'web-01'],
  ['lxc 3', '/lxc.payload/web-01/init.scope', 'web-01'],
  ['lxc 4 and lxd', '/lxc.payload.web-01/system.slice/ssh.service', 'web-01'],
  ["lxc's monitor is not in the container", '/lxc.monitor.web-01', undefined],
  ['the root', '/', undefined],
  ['a service', '/system.slice/ssh.service', undefined],
  ['a session', '/user.slice/user-1000.slice/session-3.scope', undefined],
  ['a name of 32 digits', '/workers/fa524af41502c71d045ca25a3c50aa65', undefined],
  ['a name of 63 digits', `/docker/${ID.slice(1)}`, undefined],
  ['the folder of all lxc containers', '/lxc/', undefined],
];

for (const [what, cgroup, id] of cases) {
  test(`container id: ${what}`, () => assert.equal(containerId(cgroup), id));
}

/** OpenTelemetry's `os.type`. */
export const PLATFORMS = ['linux', 'darwin', 'windows'] as const;
export type Platform = (typeof PLATFORMS)[number];

export const PROCESS_CLASSES = ['system', 'daemon', 'application', 'own', 'other'] as const;
export type ProcessClass = (typeof PROCESS_CLASSES)[number];

/** What a path must look like to be one of the platform at all. */
const FORM: Readonly<Record<Platform, RegExp>> = {
  linux: /^\//,
  darwin: /^\//,
  windows:
    /^(?:[a-z]:[\\/]|\\\\|\\device\\|\\systemroot\\|(?:system|registry|memory compression|secure system)$)/i,
};

/**
 * Where a platform's programs are installed: the Filesystem Hierarchy Standard 3.0 with the folders of snap, Nix and Flatpak;
 * Apple's "File System Programming Guide"; the known folders of Windows. Not typical: /tmp, /dev/shm, /proc, /mnt and the like.
 */
const TYPICAL: Readonly<Record<Platform, RegExp>> = {
  linux: /^\/(?:usr|bin|sbin|lib|lib32|lib64|libx32|opt|srv|home|root|snap|nix|app|var\/lib)\/.|^\/init$/,
  darwin: /^\/(?:System|usr|bin|sbin|Library|Applications|Users|opt|private\/var\/db|nix)\/./,
  windows:
    /^(?:[a-z]:|\\device\\harddiskvolume\d+)[\\/](?:windows|program files(?: \(x86\))?|programdata|users)[\\/].|^\\systemroot\\.|^(?:system|registry|memory compression|secure system)$/i,
};

/** The table of docs/export.md, in its order: the first pattern that matches says the class. */
const CLASSES: Readonly<Record<Platform, readonly (readonly [ProcessClass, RegExp])[]>> = {
  linux: [
    ['own', /^\/(?:home|root|tmp|var\/tmp|dev\/shm|run\/user)\//],
    ['daemon', /^\/(?:usr\/)?sbin\/|^\/(?:usr\/)?lib\/systemd\/|^\/usr\/libexec\/|^\/init$/],
    ['daemon', /^\/usr\/lib\/(?:[^/]+\/)+[^/]*d$/],
    ['application', /^\/(?:opt|snap|app|srv|nix)\/|^\/var\/lib\/|^\/usr\/(?:local|games|share)\//],
    ['application', /^\/usr\/lib(?:64)?\/(?:[^/]+\/)+[^/]+$/],
    ['system', /^\/(?:usr\/)?(?:bin|lib|lib32|lib64|libx32)\//],
  ],
  darwin: [
    ['own', /^\/Users\/(?!Shared\/|[^/]+\/Applications\/)|^\/(?:private\/)?(?:tmp|var\/folders|var\/tmp)\//],
    ['daemon', /^\/(?:usr\/)?sbin\/|^\/usr\/libexec\/|^\/Library\/(?:LaunchDaemons|PrivilegedHelperTools)\//],
    ['daemon', /^\/System\/Library\/.*\/[^/]*d$/],
    ['application', /^\/Applications\/|^\/System\/Applications\/|^\/Users\/|^\/Library\//],
    ['application', /^\/opt\/|^\/usr\/local\/|^\/nix\//],
    ['system', /^\/System\/|^\/usr\/|^\/bin\//],
  ],
  windows: [
    [
      'daemon',
      /[\\/]windows[\\/]system32[\\/](?:svchost|services|lsass|lsaiso|wininit|smss|csrss|spoolsv)\.exe$/i,
    ],
    ['daemon', /[\\/]programdata[\\/]microsoft[\\/]windows defender[\\/]/i],
    [
      'application',
      /[\\/]program files(?: \(x86\))?[\\/]|[\\/]appdata[\\/]local[\\/](?:programs|microsoft)[\\/]/i,
    ],
    ['own', /^(?:[a-z]:|\\device\\harddiskvolume\d+)[\\/](?:users|temp)[\\/]|[\\/]windows[\\/]temp[\\/]/i],
    ['application', /[\\/]programdata[\\/]/i],
    ['system', /[\\/]windows[\\/]|^\\systemroot\\|^(?:system|registry|memory compression|secure system)$/i],
  ],
};

/** Only macOS has these; its other folders are Unix's. */
const ONLY_DARWIN = /^\/(?:System|Applications|Library|Users|private)\//;

export const isTypical = (path: string, platform: Platform): boolean => TYPICAL[platform].test(path);

/** An absolute path as the platform writes it, with nothing in it that a program's path cannot have (zero bytes, `..`). */
export const isWellFormed = (path: string, platform: Platform): boolean =>
  FORM[platform].test(path) && !path.includes('\0') && !/(?:^|[\\/])\.\.(?:[\\/]|$)/.test(path);

/** The platform that the sender named, or the only one that can have such a path; undefined where several can. */
export function tellPlatform(path: string, osType: string): Platform | undefined {
  const named = PLATFORMS.find((platform) => platform === osType.toLowerCase());
  if (named) return named;
  if (FORM.windows.test(path)) return 'windows';
  return ONLY_DARWIN.test(path) ? 'darwin' : undefined;
}

/** The platform as far as one event tells it; Linux, whose paths most others share, where it does not. */
export const platformOf = (path: string, osType: string): Platform => tellPlatform(path, osType) ?? 'linux';

export const classOf = (path: string, platform: Platform): ProcessClass =>
  CLASSES[platform].find(([, pattern]) => pattern.test(path))?.[0] ?? 'other';

// service.mjs: a service at its daily work: a few calls each 100 ms.
import { openSync, writeSync } from 'node:fs';
import './lifeline.mjs';

process.title = 'service';
const log = openSync('/dev/null', 'w');
setInterval(() => writeSync(log, JSON.stringify({ at: Date.now(), load: process.cpuUsage() })), 100);

import type { Command } from 'commander';

const HELP = `
Import the file in Grafana (Dashboards, New, Import) and choose the Prometheus
that scrapes /metrics: see docs/exporters.md.

Example:
  homeostat grafana > homeostat.json`;

export function addGrafana(program: Command): void {
  program
    .command('grafana')
    .description('print a dashboard for Grafana, over what Prometheus reads of Homeostat')
    .addHelpText('after', HELP)
    .action(async () => {
      const { grafanaDashboard } = await import('../../exporters/grafana/dashboard.ts');
      process.stdout.write(`${JSON.stringify(grafanaDashboard(), null, 2)}\n`);
    });
}

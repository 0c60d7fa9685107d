// SPDX-License-Identifier: Apache-2.0

// Package stdlib holds the modules that scripts load as "@stdlib//…". They are written in the language itself:
//
//	load("@stdlib//alerts/general.star", "target_down", "watchdog")
//
// | module | what |
// |---|---|
// | alerts/alertmanager.star | alerts about Alertmanager |
// | alerts/blackbox.star | alerts about what probes see |
// | alerts/cert.star | alerts about certificates: cert_expiry() and cert_manager() |
// | alerts/general.star | what every stack should have: watchdog(), target_down(), absent_guard() |
// | alerts/kubernetes_apps.star | alerts about workloads |
// | alerts/kubernetes_resources.star | alerts about quotas, overcommitment and throttling |
// | alerts/kubernetes_storage.star | alerts about volumes |
// | alerts/node.star | alerts about machines |
// | alerts/prometheus.star | alerts about Prometheus |
// | alerts/prometheus_operator.star | alerts about prometheus-operator and its reloaders |
// | dead_mans_switch.star | an alert that always fires, and its route |
// | lib/pack.star | what packs of alerts are made with |
// | slo.star | objectives with error budgets, and alerts on burn rates |
// | targets/blackbox_exporter.star | probes |
// | targets/databases.star | targets for PostgreSQL, MySQL, Redis |
// | targets/kubernetes.star | targets of a cluster itself |
// | targets/messaging.star | targets for RabbitMQ, Kafka |
// | targets/monitoring.star | targets of monitoring itself |
// | targets/node_exporter.star | the target for machines |
// | targets/web.star | targets for ingress-nginx, nginx |
//
// A module's functions take thresholds as arguments with sound defaults, return values, and deploy nothing. docs/stdlib.md
// has every function with its arguments and alerts. Their tests lie in testdata and are not
// embedded.
package stdlib

import (
	"embed"
	"io/fs"
)

// Embedding has no way to leave files out, so the folders with modules alone are named; tests lie in folders called
// testdata.
//
//go:embed *.star alerts/*.star lib/*.star targets/*.star
var modules embed.FS

// Files returns the standard library, for host.Options.
func Files() fs.FS { return modules }

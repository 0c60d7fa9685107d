// SPDX-License-Identifier: Apache-2.0

package main

// This file plays somebody who uses helm itself on a release that is ours:
//
//	helm upgrade NAMESPACE NAME PATH=VALUE...   gives the release another revision, with its own chart and these values besides
//	helm rollback NAMESPACE NAME REVISION       goes back to a revision, 0 to the one before
//	helm uninstall NAMESPACE NAME               removes the release
//	helm begin NAMESPACE NAME                   begins an upgrade to the same, and goes away
//	helm end NAMESPACE NAME                     comes back and ends it

import (
	"strconv"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"helm.sh/helm/v3/pkg/action"
	"helm.sh/helm/v3/pkg/cli"
	"helm.sh/helm/v3/pkg/release"
	"helm.sh/helm/v3/pkg/strvals"
)

// helmBy returns the command for the cluster of a kubeconfig.
func helmBy(t *testing.T, kubeconfig string) func(*testscript.TestScript, bool, []string) {
	t.Helper()
	return func(ts *testscript.TestScript, neg bool, arguments []string) {
		if neg || len(arguments) < 3 {
			ts.Fatalf("usage: helm upgrade|rollback|uninstall|begin|end NAMESPACE NAME [ARGUMENT]...")
		}
		verb, namespace, name := arguments[0], arguments[1], arguments[2]
		settings := cli.New()
		settings.KubeConfig = kubeconfig
		settings.SetNamespace(namespace)
		var configuration action.Configuration
		ts.Check(configuration.Init(settings.RESTClientGetter(), namespace, "secret", func(string, ...any) {}))
		switch verb {
		case "upgrade":
			last, err := configuration.Releases.Last(name)
			ts.Check(err)
			values := map[string]any{}
			for _, setting := range arguments[3:] {
				ts.Check(strvals.ParseInto(setting, values))
			}
			upgrade := action.NewUpgrade(&configuration)
			upgrade.Namespace, upgrade.ReuseValues = namespace, true
			_, err = upgrade.Run(name, last.Chart, values)
			ts.Check(err)
		case "rollback":
			rollback := action.NewRollback(&configuration)
			if len(arguments) > 3 {
				var err error
				rollback.Version, err = strconv.Atoi(arguments[3])
				ts.Check(err)
			}
			ts.Check(rollback.Run(name))
		case "uninstall":
			_, err := action.NewUninstall(&configuration).Run(name)
			ts.Check(err)
		case "begin":
			next, err := configuration.Releases.Last(name)
			ts.Check(err)
			next.Version++
			next.SetStatus(release.StatusPendingUpgrade, "Preparing upgrade")
			ts.Check(configuration.Releases.Create(next))
		case "end":
			last, err := configuration.Releases.Last(name)
			ts.Check(err)
			before, err := configuration.Releases.Get(name, last.Version-1)
			ts.Check(err)
			before.SetStatus(release.StatusSuperseded, "")
			ts.Check(configuration.Releases.Update(before))
			last.SetStatus(release.StatusDeployed, "Upgrade complete")
			ts.Check(configuration.Releases.Update(last))
		default:
			ts.Fatalf("helm: got verb %q", verb)
		}
	}
}

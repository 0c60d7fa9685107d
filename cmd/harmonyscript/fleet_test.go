// SPDX-License-Identifier: Apache-2.0

package main

// This file runs the suites that work on two real clusters at once, "east" and "west". Besides the commands of all suites
// they have:
//
//	east|west VERB PATH [FILE]        one request as the administrator of that cluster, see cluster_test.go
//	east-enforced|west-enforced PATH  the command "enforced" for that cluster
//	kubeconfig-two FILE [HOW]...      writes a kubeconfig with the contexts "east" and "west"; with unplugged, west goes
//	                                  away after its first writes of network policies; with silent, neither answers them;
//	                                  with as=USER, west is asked as that user; with swapped, "east" is west and
//	                                  "west" is east

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/harmonyscript/harmonyscript/cmd/harmonyscript/internal/suite"
	"github.com/harmonyscript/harmonyscript/internal/faultproxy"
	"github.com/harmonyscript/harmonyscript/internal/sandboxtest"
)

// second is the sandbox that suites of several clusters have besides the shared one.
var second sandboxtest.Shared

// TestClusters runs those suites.
func TestClusters(t *testing.T) {
	sides := map[string]*sandboxtest.Sandbox{"east": shared.Get(t), "west": second.Get(t)}
	commands := map[string]func(*testscript.TestScript, bool, []string){}
	for name, side := range sides {
		n := newNeighbour(t, side.Kubeconfig)
		commands[name], commands[name+"-enforced"] = n.request, n.enforced
	}
	commands["kubeconfig-two"] = func(ts *testscript.TestScript, _ bool, arguments []string) {
		if len(arguments) == 0 {
			ts.Fatalf("usage: kubeconfig-two FILE [unplugged] [silent] [swapped] [as=USER]")
		}
		two := clientcmdapi.NewConfig()
		for name, side := range sides {
			if slices.Contains(arguments[1:], "swapped") {
				side = sides[map[string]string{"east": "west", "west": "east"}[name]]
			}
			addContext(t, ts, two, name, side.Kubeconfig, arguments[1:])
		}
		ts.Check(clientcmd.WriteToFile(*two, ts.MkAbs(arguments[0])))
	}
	runSuites(t, "../../testdata/script/clusters/*.txtar", suite.Options{Sandbox: sides["east"].State, SandboxProgram: sides["east"].Program}, commands)
}

// addContext adds a cluster to a kubeconfig, with what is wrong with it.
func addContext(t *testing.T, ts *testscript.TestScript, two *clientcmdapi.Config, name, kubeconfig string, how []string) {
	user := ""
	for _, h := range how {
		if as, ok := strings.CutPrefix(h, "as="); ok && name == "west" {
			user = as
		}
	}
	policies := faultproxy.All(faultproxy.Method(http.MethodPatch), faultproxy.Of("networkpolicies"))
	unplugged, silent := name == "west" && slices.Contains(how, "unplugged"), slices.Contains(how, "silent")
	if unplugged || silent {
		proxy := faultproxy.Start(t, kubeconfig, faultproxy.Options{})
		if unplugged {
			proxy.On(faultproxy.After(1, policies), func(*faultproxy.Exchange) { proxy.Down() })
		} else {
			proxy.On(policies, faultproxy.Silence(nil))
		}
		kubeconfig = proxy.Kubeconfig(nil)
	}
	one, err := clientcmd.LoadFromFile(kubeconfig)
	ts.Check(err)
	for _, context := range one.Contexts {
		two.Clusters[name], two.AuthInfos[name] = one.Clusters[context.Cluster], one.AuthInfos[context.AuthInfo]
	}
	two.AuthInfos[name].Impersonate = user
	two.Contexts[name] = &clientcmdapi.Context{Cluster: name, AuthInfo: name}
}

// SPDX-License-Identifier: Apache-2.0

// This file lists what a kubeconfig knows.

package cluster

import (
	"cmp"
	"errors"
	"os"
	"strings"

	"k8s.io/client-go/tools/clientcmd"
)

// Servers returns the addresses of the API servers by the name of the context that leads there. kubeconfig is the path of
// the file; "" means $KUBECONFIG, then ~/.kube/config. The error is a *NoConfigError or a *ConfigError.
func Servers(kubeconfig string) (map[string]string, error) {
	rules := clientcmd.NewDefaultClientConfigLoadingRules()
	rules.ExplicitPath, rules.Warner = kubeconfig, func(error) {}
	raw, err := rules.Load()
	switch {
	case err != nil && kubeconfig != "" && errors.Is(err, os.ErrNotExist):
		return nil, &NoConfigError{Paths: []string{kubeconfig}}
	case err != nil:
		return nil, &ConfigError{Path: cmp.Or(kubeconfig, strings.Join(rules.Precedence, string(os.PathListSeparator))), Err: err}
	case len(raw.Contexts) == 0:
		return nil, &NoConfigError{Paths: searched(kubeconfig, rules.Precedence)}
	}
	servers := make(map[string]string, len(raw.Contexts))
	for name, c := range raw.Contexts {
		servers[name] = ""
		if known := raw.Clusters[c.Cluster]; known != nil {
			servers[name] = strings.TrimSuffix(WithoutUser(known.Server), "/")
		}
	}
	return servers, nil
}
